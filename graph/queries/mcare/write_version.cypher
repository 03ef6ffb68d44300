// summary: Writes one version of a case (the first makes the case), makes it current and sets its links; older versions stay.
// access: write
// params:
//   id: {type: STRING, doc: The case's id., example: CWM-2026-0001}
//   expected: {type: INTEGER, doc: The version that the writer saw (0 for a new case)., example: 0}
//   case: {type: MAP, doc: "title, status, severity, claimed_level, verified_level, condition, categories.", example: {title: t, status: filed}}
//   version: {type: MAP, doc: "json, filed, by, note, status.", example: {json: "{}", by: reviewer, filed: "2026-01-01T00:00:00Z"}}
//   agent: {type: STRING, doc: Key of the agent., example: "twin@1", optional: true}
//   coordinate: {type: MAP, doc: "index and text of the coordinate, or null.", example: {index: 1, text: x}, optional: true}
//   predictions: {type: LIST<STRING>, doc: Ids of predictions., example: []}
//   evidence: {type: LIST<STRING>, doc: Ids of evidence., example: []}
// returns:
//   current: number of the version now current, or no row when another writer was first
MERGE (c:Case {id: $id})
ON CREATE SET c.current = 0, c.filed = datetime($version.filed), c.by = $version.by
SET c.touched = timestamp()
WITH c WHERE c.current = $expected
SET c += $case, c.current = $expected + 1, c.changed = datetime($version.filed)
CREATE (c)-[:HAS_VERSION]->(v:CaseVersion {id: $id + '/' + toString($expected + 1)})
SET v += $version, v.n = $expected + 1, v.filed = datetime($version.filed)
WITH c
CALL (c) { MATCH (c)-[old:CONCERNS|AT|ABOUT|SUPPORTED_BY]->() DELETE old }
CALL (c) { MATCH (a:Agent {key: $agent}) MERGE (c)-[:CONCERNS]->(a) }
CALL (c) {
  UNWIND CASE WHEN $coordinate IS NULL THEN [] ELSE [$coordinate] END AS place
  MERGE (k:Coordinate {index: place.index}) ON CREATE SET k.text = place.text
  MERGE (c)-[:AT]->(k)
}
CALL (c) { UNWIND $predictions AS one MATCH (p:Prediction {id: one}) MERGE (c)-[:ABOUT]->(p) }
CALL (c) { UNWIND $evidence AS one MATCH (e:Evidence {id: one}) MERGE (c)-[:SUPPORTED_BY]->(e) }
RETURN c.current AS current
