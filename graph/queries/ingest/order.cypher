// summary: Put the encounters of patients in order again where some of them changed (NEXT, by start, end, key).
// access: write
// params:
//   patients: {type: INTEGER, doc: Patients of one transaction., example: 200}
// returns: {ordered: how many patients}
MATCH (p:Resource)-[:HAS_ENCOUNTER]->(changed:Unordered) USING SCAN changed:Unordered
WITH DISTINCT p LIMIT $patients
MATCH (p)-[:HAS_ENCOUNTER]->(e:Encounter)
WITH p, e ORDER BY e.start, e.end, e.key
WITH p, collect(e) AS all
CALL (all) {
  UNWIND all AS e
  MATCH (e)-[r:NEXT]-()
  DELETE r
}
CALL (all) {
  UNWIND all AS e
  REMOVE e:Unordered
}
WITH p, [e IN all WHERE e.start IS NOT NULL AND NOT e:Deleted] AS dated
CALL (dated) {
  UNWIND range(0, size(dated) - 2) AS i
  WITH dated[i] AS before, dated[i + 1] AS after
  CREATE (before)-[:NEXT]->(after)
}
RETURN count(*) AS ordered
