// summary: Write members of a cohort; the same again changes nothing.
// access: write
// params:
//   id: {type: STRING, doc: Id of the cohort., example: "diabetes-hba1c@1+0a1b2c3d"}
//   rows: {type: LIST<MAP>, doc: patient (key) and index (ZONED DATETIME) of each, example: []}
// returns: {written: how many}
MATCH (c:Cohort {id: $id})
UNWIND $rows AS row
MATCH (p:Resource {key: row.patient})
MERGE (c)-[m:MEMBER]->(p)
SET m.index = row.index
RETURN count(*) AS written
