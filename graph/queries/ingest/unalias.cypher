// summary: Forget what a conditional reference meant.
// access: write
// params:
//   from: {type: STRING, doc: Key of the reference., example: "Practitioner?identifier=a|b"}
MATCH (a:Alias {key: $from})
DELETE a
