// summary: "Which results had been taken and were not known yet at an instant?"
// access: read
// audience: clinician
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/ann}
//   at: {type: ZONED DATETIME, doc: What was known at this instant., example: "2024-01-10T12:00:00Z"}
// returns:
//   key: "Key of the result."
//   type: "FHIR type."
//   display: "What was measured."
//   taken: "When it was taken."
MATCH (:Patient {key: $patient})-[:HAS_EVENT]->(o:Observation|DiagnosticReport)
WHERE o.start <= $at AND o.recorded > $at AND o.since IS NULL AND (NOT o:Deleted OR o.deleted > $at) AND NOT coalesce(o.status = 'entered-in-error', false)
RETURN coalesce(o.of, o.key) AS key, o.type AS type, o.display AS display, o.start AS taken
ORDER BY taken, key
