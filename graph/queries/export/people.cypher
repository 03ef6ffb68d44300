// summary: The patients who stay (of a circle of merges the first) with dates of birth, last instant of the record and death, also of those the patient replaced, as known at an instant.
// access: read
// params:
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
// returns: {patient: key, births: dates of birth as given, last: last start or instant of knowledge (ms), died: when (ms)}
MATCH (p:Patient)
WHERE p.type = 'Patient' AND (NOT p:Deleted OR p.deleted > $at)
  AND NOT EXISTS {
    MATCH (p)-[:REPLACED_BY*1..10]->(other:Patient)
    WHERE other <> p AND other.type = 'Patient' AND (NOT other:Deleted OR other.deleted > $at)
      AND (other.key < p.key OR NOT EXISTS { MATCH shortestPath((other)-[:REPLACED_BY*]->(p)) })
  }
CALL (p) {
  MATCH (p)<-[:REPLACED_BY*0..10]-(q)
  WITH DISTINCT q
  CALL (q) {
    MATCH (q)-[:HAS_EVENT|HAS_ENCOUNTER]->(n)
    WHERE ($at IS NULL OR n.recorded <= $at) AND (NOT n:Deleted OR n.deleted > $at)
    RETURN max(n.start) AS start, max(n.recorded) AS recorded
  }
  RETURN collect(q.birth) AS births, max(start) AS began, max(recorded) AS known,
    max(CASE WHEN $at IS NULL OR q.closed <= $at THEN q.deceased.epochMillis END) AS died
}
RETURN p.key AS patient, births, CASE WHEN known IS NULL OR began > known THEN began ELSE known END.epochMillis AS last, died
ORDER BY patient
