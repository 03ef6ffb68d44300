// summary: Let predictions rest on the version of a fact or an encounter that was known at their instant, and likewise on that of what is contained in it.
// access: write
// params:
//   keys: {type: LIST<STRING>, doc: Keys of resources of which a version came or went., example: [Observation/1]}
//   gone: {type: LIST<STRING>, doc: Keys of versions that are about to be forgotten., example: []}
// returns: {moved: how many reasons}
UNWIND $keys AS key
CALL (key) {
  MATCH (n:Resource {key: key})
  RETURN n
  UNION
  MATCH (n:Resource) USING INDEX SEEK n:Resource(key)
  WHERE n.key STARTS WITH key + '#'
  RETURN n
  UNION
  MATCH (n:Resource) USING INDEX SEEK n:Resource(key)
  WHERE n.key STARTS WITH key + '/_history/' AND n:Superseded
  RETURN n
}
WITH coalesce(n.of, n.key) AS fact, collect(n) AS versions
UNWIND versions AS f
MATCH (f)<-[b:BECAUSE]-(p:Prediction)
WITH f, b, p, head([v IN versions WHERE NOT v:Dangling AND NOT split(v.key, '#')[0] IN $gone
  AND coalesce(v.since <= p.index_time, true) AND (NOT v:Deleted OR v.deleted > p.index_time)]) AS v
WHERE v <> f
MERGE (p)-[new:BECAUSE {feature: b.feature}]->(v)
SET new += properties(b)
DELETE b
RETURN count(*) AS moved
