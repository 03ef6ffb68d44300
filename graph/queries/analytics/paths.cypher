// summary: The shortest paths between two resources or codes, through relationships of the record and what was known at an instant.
// access: read
// params:
//   from: {type: STRING, doc: "Key of a resource or a code.", example: "Patient/1"}
//   to: {type: STRING, doc: "Key of a resource or a code.", example: "http://loinc.org|4548-4"}
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
//   limit: {type: INTEGER, doc: Paths at most., example: 5}
// returns: {length: number of relationships, keys: keys of the nodes on the way, names: what they are, types: types of the relationships}
CALL () {
  MATCH (a:Resource|Concept {key: $from})
  RETURN a
  UNION
  MATCH (a:Resource) USING INDEX SEEK a:Resource(key)
  WHERE a.key STARTS WITH $from + '/_history/' AND a:Superseded AND a.deleted > $at
  RETURN a
}
CALL () {
  MATCH (b:Resource|Concept {key: $to})
  RETURN b
  UNION
  MATCH (b:Resource) USING INDEX SEEK b:Resource(key)
  WHERE b.key STARTS WITH $to + '/_history/' AND b:Superseded AND b.deleted > $at
  RETURN b
}
MATCH p = allShortestPaths((a)-[*..8]-(b))
WHERE all(n IN nodes(p) WHERE n:Concept OR (n:Resource AND NOT n:Dangling AND (NOT n:Deleted OR n.deleted > $at)
  AND ($at IS NULL OR n.recorded <= $at OR (n.recorded IS NULL AND NOT n:Event AND NOT n:Encounter))
  AND ($at IS NULL OR NOT n:Contained OR EXISTS { MATCH (c:Resource {key: split(n.key, '#')[0]}) WHERE c.recorded <= $at OR (c.recorded IS NULL AND NOT c:Event AND NOT c:Encounter) })))
WITH p, [n IN nodes(p) | coalesce(n.of, n.key)] AS keys
RETURN length(p) AS length, keys, [n IN nodes(p) | coalesce(n.display, n.name, n.code, n.type)] AS names,
  [r IN relationships(p) | type(r)] AS types
ORDER BY keys
LIMIT $limit
