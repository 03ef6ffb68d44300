// summary: Every patient who stays, with what a cohort asks of the person, and the first and last instant at which anything became known, also of those the patient replaced, as known at an instant.
// access: read
// params:
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
// returns: {patient: key, gender: as recorded, birth: date of birth as given, died: when a death became known (ms), first: first instant (ms), last: last instant (ms)}
MATCH (p:Patient)
WHERE p.type = 'Patient' AND (NOT p:Deleted OR p.deleted > $at)
  AND NOT EXISTS {
    MATCH (p)-[:REPLACED_BY*1..10]->(other:Patient)
    WHERE other <> p AND other.type = 'Patient' AND (NOT other:Deleted OR other.deleted > $at)
      AND NOT EXISTS { MATCH shortestPath((other)-[:REPLACED_BY*]->(p)) }
  }
CALL (p) {
  MATCH (p)<-[:REPLACED_BY*0..10]-(q)
  WITH DISTINCT q
  MATCH (q)-[:HAS_EVENT|HAS_ENCOUNTER]->(n)
  WHERE ($at IS NULL OR n.recorded <= $at) AND (NOT n:Deleted OR n.deleted > $at
    OR n:Superseded AND n.recorded < n.deleted AND (
      EXISTS { MATCH (now:Resource {key: n.of}) WHERE (NOT now:Deleted OR now.deleted > $at) AND ($at IS NULL OR now.recorded <= $at) }
      OR EXISTS { MATCH (v:Resource) USING INDEX SEEK v:Resource(key)
        WHERE v.key STARTS WITH split(n.of, '#')[0] + '/_history/' AND v.of = n.of AND v.recorded <= $at AND v.deleted > $at }))
  RETURN min(n.recorded) AS first, max(n.recorded) AS last
}
RETURN p.key AS patient, p.gender AS gender, p.birth AS birth,
  CASE WHEN p.dead AND ($at IS NULL OR p.closed <= $at) THEN coalesce(p.closed, p.deceased).epochMillis END AS died,
  first.epochMillis AS first, last.epochMillis AS last
ORDER BY patient
