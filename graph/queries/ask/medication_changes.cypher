// summary: "Which medicines were started and which stopped for this patient in a period?"
// access: read
// audience: clinician
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/ann}
//   from: {type: ZONED DATETIME, doc: "Beginning of the period, inclusive.", example: "2024-01-01T00:00:00Z"}
//   to: {type: ZONED DATETIME, doc: "End of the period, exclusive.", example: "2024-06-01T00:00:00Z"}
// returns:
//   known: "When the change became known."
//   change: "started or stopped."
//   key: "Key of the order."
//   display: "The medicine."
MATCH (:Patient {key: $patient})-[:HAS_EVENT]->(m:MedicationRequest) WHERE NOT m:Deleted AND NOT coalesce(m.status = 'entered-in-error', false)
OPTIONAL MATCH (m)-[:MEDICATION]->(d:Medication)
WITH m, coalesce(m.display, min(d.display)) AS display
UNWIND [{change: 'started', known: coalesce(m.first_recorded, m.recorded)}, {change: 'stopped', known: m.closed}] AS turn
WITH m, display, turn WHERE turn.known >= $from AND turn.known < $to
RETURN turn.known AS known, turn.change AS change, m.key AS key, display
ORDER BY known, key, change
