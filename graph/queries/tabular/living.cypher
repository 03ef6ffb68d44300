// summary: How many resources have keys that begin so and are not deleted.
// access: read
// params:
//   prefix: {type: STRING, doc: How their keys begin., example: "Observation/omop-5e1f09ab-measurement-"}
// returns: {living: how many}
MATCH (n:Resource)
WHERE n.key STARTS WITH $prefix AND n.rank IS NOT NULL AND NOT n:Deleted
RETURN count(n) AS living
