// summary: The patients with date of birth, last instant of the record and death, as known at an instant.
// access: read
// params:
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
// returns: {patient: key, birth: date of birth as given, last: last start or instant of knowledge (ms), died: when (ms)}
MATCH (p:Patient)
WHERE p.type = 'Patient' AND (NOT p:Deleted OR p.deleted > $at)
CALL (p) {
  MATCH (p)-[:HAS_EVENT|HAS_ENCOUNTER]->(n)
  WHERE ($at IS NULL OR n.recorded <= $at) AND (NOT n:Deleted OR n.deleted > $at)
  RETURN max(n.start) AS began, max(n.recorded) AS known
}
RETURN p.key AS patient, p.birth AS birth, CASE WHEN known IS NULL OR began > known THEN began ELSE known END.epochMillis AS last,
  CASE WHEN $at IS NULL OR p.closed <= $at THEN p.deceased.epochMillis END AS died
ORDER BY patient
