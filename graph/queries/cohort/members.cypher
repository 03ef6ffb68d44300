// summary: The members of a saved cohort with what is known of the person, in order of key.
// access: read
// params:
//   id: {type: STRING, doc: Id of the cohort., example: "diabetes-hba1c@1+0a1b2c3d"}
//   after: {type: STRING, doc: Key after which the page begins; empty for the first page., example: ""}
//   limit: {type: INTEGER, doc: Members at most., example: 1000}
// returns: {patient: key, index: its instant, gender: as recorded, birth: date of birth as given}
MATCH (c:Cohort {id: $id})-[m:MEMBER]->(p:Patient)
WHERE p.key > $after
RETURN p.key AS patient, m.index AS index, p.gender AS gender, p.birth AS birth
ORDER BY patient
LIMIT $limit
