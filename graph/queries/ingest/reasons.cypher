// summary: Let predictions rest on the version of a fact that was known at their instant.
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
  WHERE n.key STARTS WITH key + '/_history/' AND n:Superseded AND NOT n:Contained
  RETURN n
}
WITH key, collect(n) AS all
UNWIND all AS f
MATCH (f)<-[b:BECAUSE]-(p:Prediction)
WITH f, b, p, head([v IN all WHERE NOT v.key IN $gone AND coalesce(v.since <= p.index_time, true) AND (NOT v:Deleted OR v.deleted > p.index_time)]) AS v
WHERE v <> f
MERGE (p)-[new:BECAUSE {feature: b.feature}]->(v)
SET new += properties(b)
DELETE b
RETURN count(*) AS moved
