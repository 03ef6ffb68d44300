// summary: The patients who have most in common with one, by the main codes of their facts of some types (Jaccard), as known at an instant.
// access: read
// params:
//   patient: {type: STRING, doc: Key of the patient., example: "Patient/1"}
//   types: {type: LIST<STRING>, doc: FHIR types whose codes count., example: [Condition]}
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
//   limit: {type: INTEGER, doc: Patients at most., example: 10}
// returns: {patient: key, jaccard: shared codes over all codes of the two, shared: how many codes they share, codes: how many codes the other has}
MATCH (p:Patient {key: $patient})-[:HAS_EVENT]->(f:Event)-[:CODED]->(c:Concept)
WHERE f.type IN $types AND c.key IN f.codes AND ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at) AND NOT coalesce(f.verification IN ['entered-in-error', 'refuted'], false)
  AND NOT coalesce(f.status = 'entered-in-error' AND ($at IS NULL OR f.closed IS NULL OR f.closed <= $at), false)
WITH p, collect(DISTINCT c) AS own
UNWIND own AS c
MATCH (c)<-[:CODED]-(f:Event)<-[:HAS_EVENT]-(o:Patient)
WHERE o <> p AND f.type IN $types AND c.key IN f.codes AND ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at) AND NOT coalesce(f.verification IN ['entered-in-error', 'refuted'], false)
  AND NOT coalesce(f.status = 'entered-in-error' AND ($at IS NULL OR f.closed IS NULL OR f.closed <= $at), false)
WITH own, o, count(DISTINCT c) AS shared
CALL (o) {
  MATCH (o)-[:HAS_EVENT]->(f:Event)-[:CODED]->(c:Concept)
  WHERE f.type IN $types AND c.key IN f.codes AND ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at) AND NOT coalesce(f.verification IN ['entered-in-error', 'refuted'], false)
    AND NOT coalesce(f.status = 'entered-in-error' AND ($at IS NULL OR f.closed IS NULL OR f.closed <= $at), false)
  RETURN count(DISTINCT c) AS codes
}
RETURN o.key AS patient, toFloat(shared) / (size(own) + codes - shared) AS jaccard, shared, codes
ORDER BY jaccard DESC, patient
LIMIT $limit
