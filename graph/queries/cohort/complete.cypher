// summary: Mark a cohort as wholly written.
// access: write
// params:
//   id: {type: STRING, doc: Id of the cohort., example: "diabetes-hba1c@1+0a1b2c3d"}
// returns: {size: how many members it has}
MATCH (c:Cohort {id: $id})
SET c.complete = true
RETURN COUNT { (c)-[:MEMBER]->() } AS size
