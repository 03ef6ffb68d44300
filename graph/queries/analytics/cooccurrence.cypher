// summary: Codes that patients have together with one code more often than by chance, with lift and its interval, as known at an instant.
// access: read
// params:
//   code: {type: STRING, doc: "system|code.", example: "http://snomed.info/sct|59621000"}
//   types: {type: LIST<STRING>, doc: FHIR types of the facts that count., example: [Condition]}
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
//   least: {type: INTEGER, doc: Patients who must have both., example: 5}
//   z: {type: FLOAT, doc: "Normal quantile of the interval; 1.96 for 95 %.", example: 1.96}
//   limit: {type: INTEGER, doc: Codes at most., example: 20}
// returns:
//   code: "system|code"
//   display: its name
//   both: patients who have both
//   first: patients who have the code that was given
//   second: patients who have this code
//   patients: patients who have any fact of these types
//   lift: "share of this code among patients with the first, over its share among all"
//   low: "lower end of the interval of the lift: of its logarithm, by the delta method, each patient a draw of its own"
//   high: upper end
MATCH (p:Patient)-[:HAS_EVENT]->(f:Event)
WHERE f.type IN $types AND ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at) AND NOT coalesce(f.verification IN ['entered-in-error', 'refuted'], false)
  AND NOT coalesce(f.status = 'entered-in-error' AND ($at IS NULL OR f.closed IS NULL OR f.closed <= $at), false)
WITH count(DISTINCT p) AS patients
MATCH (:Concept {key: $code})<-[:CODED]-(f:Event)<-[:HAS_EVENT]-(p:Patient)
WHERE f.type IN $types AND $code IN f.codes AND ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at) AND NOT coalesce(f.verification IN ['entered-in-error', 'refuted'], false)
  AND NOT coalesce(f.status = 'entered-in-error' AND ($at IS NULL OR f.closed IS NULL OR f.closed <= $at), false)
WITH patients, collect(DISTINCT p) AS have
UNWIND have AS p
MATCH (p)-[:HAS_EVENT]->(f:Event)-[:CODED]->(c:Concept)
WHERE f.type IN $types AND c.key IN f.codes AND c.key <> $code AND ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at) AND NOT coalesce(f.verification IN ['entered-in-error', 'refuted'], false)
  AND NOT coalesce(f.status = 'entered-in-error' AND ($at IS NULL OR f.closed IS NULL OR f.closed <= $at), false)
WITH patients, size(have) AS first, c, count(DISTINCT p) AS both
WHERE both >= $least
CALL (c) {
  MATCH (c)<-[:CODED]-(f:Event)<-[:HAS_EVENT]-(p:Patient)
  WHERE f.type IN $types AND c.key IN f.codes AND ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at) AND NOT coalesce(f.verification IN ['entered-in-error', 'refuted'], false)
    AND NOT coalesce(f.status = 'entered-in-error' AND ($at IS NULL OR f.closed IS NULL OR f.closed <= $at), false)
  RETURN count(DISTINCT p) AS second
}
WITH c, both, first, second, patients, toFloat(both) * patients / (toFloat(first) * second) AS lift
WITH c, both, first, second, patients, lift, 1.0 / both - 1.0 / first - 1.0 / second + (2 * lift - 1) / patients AS variance
WITH c, both, first, second, patients, lift, CASE WHEN variance > 0 THEN sqrt(variance) ELSE 0.0 END AS error
RETURN c.key AS code, c.display AS display, both, first, second, patients, lift,
  lift * exp(-$z * error) AS low, lift * exp($z * error) AS high
ORDER BY low DESC, code
LIMIT $limit
