// summary: "What was known of this patient at an instant, in the order in which it became known?"
// access: read
// audience: clinician
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/ann}
//   at: {type: ZONED DATETIME, doc: What was known at this instant., example: "2024-01-10T12:00:00Z"}
// returns:
//   type: "FHIR type."
//   key: "Key of the fact."
//   display: "What it is."
//   value: "Value of a result, or null."
//   unit: "Its unit."
//   start: "When it held."
//   recorded: "When it became known."
MATCH (:Patient {key: $patient})-[:HAS_EVENT]->(n:Event)
WHERE n.recorded <= $at AND (NOT n:Deleted OR n.deleted > $at)
RETURN n.type AS type, coalesce(n.of, n.key) AS key, n.display AS display, CASE n.type WHEN 'Observation' THEN n.value END AS value,
       CASE n.type WHEN 'Observation' THEN n.unit END AS unit, n.start AS start, n.recorded AS recorded
ORDER BY recorded, key
