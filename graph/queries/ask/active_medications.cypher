// summary: "Which orders for medicines were active at an instant, since when, and for which diagnosis?"
// access: read
// audience: clinician
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/ann}
//   at: {type: ZONED DATETIME, doc: What was known at this instant., example: "2024-02-01T00:00:00Z"}
// returns:
//   key: "Key of the order."
//   display: "The medicine."
//   since: "When it became known."
//   reason: "The diagnosis that the order names, or null."
MATCH (:Patient {key: $patient})-[:HAS_EVENT]->(m:MedicationRequest)
WHERE m.recorded <= $at AND NOT coalesce(m.closed <= $at, false) AND (NOT m:Deleted OR m.deleted > $at)
OPTIONAL MATCH (m)-[:MEDICATION]->(d:Medication)
WITH m, coalesce(m.display, min(d.display)) AS display
OPTIONAL MATCH (m)-[:REASON_REFERENCE]->(now:Condition)
CALL (now) {
  RETURN CASE WHEN NOT coalesce(now.since > $at, false) THEN now END AS c
  UNION
  WITH * WHERE now.since > $at // of a diagnosis that was corrected since, the version that was known then
  MATCH (c:Resource) USING INDEX SEEK c:Resource(key)
  WHERE c.key STARTS WITH now.key + '/_history/' AND c:Superseded AND NOT c:Contained AND coalesce(c.since <= $at, true) AND c.deleted > $at
  RETURN c
}
WITH m, display, min(c.display) AS reason
RETURN coalesce(m.of, m.key) AS key, display, m.recorded AS since, reason
ORDER BY since, key
