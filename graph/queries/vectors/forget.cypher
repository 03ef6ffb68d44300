// summary: Forget which model made the vectors of an encoder; with no model they are not searched.
// access: write
// params:
//   encoder: {type: STRING, doc: "letters or meaning.", example: letters}
// returns: {forgotten: how many models}
MATCH (e:Encoder {name: $encoder})
DELETE e
RETURN count(*) AS forgotten
