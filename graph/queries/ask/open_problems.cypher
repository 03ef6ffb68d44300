// summary: "Which problems of this patient were open at an instant?"
// access: read
// audience: clinician
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/ann}
//   at: {type: ZONED DATETIME, doc: What was known at this instant., example: "2024-03-10T00:00:00Z"}
// returns:
//   key: "Key of the diagnosis."
//   display: "The diagnosis."
//   since: "When it began."
//   recorded: "When it became known."
//   encounter: "Encounter in which it was recorded, or null."
MATCH (:Patient {key: $patient})-[:HAS_EVENT]->(c:Condition)
WHERE c.recorded <= $at AND NOT coalesce(c.closed <= $at, false) AND (NOT c:Deleted OR c.deleted > $at)
  AND NOT coalesce(c.verification IN ['entered-in-error', 'refuted'], false)
OPTIONAL MATCH (c)<-[:INCLUDES]-(e:Encounter)
WITH c, min(coalesce(e.of, e.key)) AS encounter
RETURN coalesce(c.of, c.key) AS key, c.display AS display, c.start AS since, c.recorded AS recorded, encounter
ORDER BY since, key
