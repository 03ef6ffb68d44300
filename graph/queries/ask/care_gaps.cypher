// summary: "Who has this diagnosis and no result of this test within so many days before an instant?"
// access: read
// audience: clinician
// params:
//   condition: {type: STRING, doc: "Code of the diagnosis, system|code.", example: "http://snomed.info/sct|44054006"}
//   test: {type: STRING, doc: "Code of the test, system|code.", example: "http://loinc.org|4548-4"}
//   days: {type: INTEGER, doc: "Days to look back.", example: 180}
//   at: {type: ZONED DATETIME, doc: What was known at this instant., example: "2024-12-31T00:00:00Z"}
// returns:
//   patient: "Key of the patient."
//   since: "When the diagnosis became known."
//   tests: "Results of the test known by then."
//   last: "When the last of them was taken, or became known where nothing says when it was taken; or null."
MATCH (:Concept {key: $condition})<-[:CODED]-(c:Condition)<-[:HAS_EVENT]-(p:Patient)
WHERE NOT coalesce(p.closed <= $at, false) AND $condition IN c.codes AND c.recorded <= $at AND NOT coalesce(c.closed <= $at, false) AND (NOT c:Deleted OR c.deleted > $at)
  AND NOT coalesce(c.verification IN ['entered-in-error', 'refuted'], false)
WITH p, min(coalesce(c.first_recorded, c.recorded)) AS since
OPTIONAL MATCH (p)-[:HAS_EVENT]->(o:Observation)
WHERE $test IN o.codes AND o.recorded <= $at AND (NOT o:Deleted OR o.deleted > $at) AND NOT coalesce(o.status = 'entered-in-error', false)
WITH p, since, count(o) AS tests, max(coalesce(o.start, o.recorded)) AS last
WHERE last IS NULL OR last < $at - duration({days: $days})
RETURN p.key AS patient, since, tests, last
ORDER BY patient
