// summary: Write new resources and what a batch says of them, each node looked up once and then known by its number.
// access: write
// params:
//   fresh: {type: LIST<MAP>, doc: "labels and props of each new node, times (name, seconds and nanoseconds since 1970)", example: []}
//   ends: {type: LIST<STRING>, doc: "Keys of the other resources that are referred to; what is not there becomes a placeholder", example: []}
//   concepts: {type: LIST<STRING>, doc: Keys of the concepts that are said., example: []}
//   keys: {type: LIST<STRING>, doc: "Keys of the nodes by their numbers: fresh first, then ends, from 0", example: []}
//   links: {type: LIST<MAP>, doc: "type, path and owner (0 the start, 1 the end) of references, and each of them: numbers of start and end, text, and what it was found by where it is conditional", example: []}
//   others: {type: LIST<LIST>, doc: "numbers of start and end, type, props and times of references that say more", example: []}
//   codes: {type: LIST<MAP>, doc: "path of coded elements, and each of them: number of the resource, number of the concept", example: []}
//   run: {type: STRING, doc: The run that writes., example: none}
// returns: {nodes: how many resources were written or found, concepts: how many were found; no code is written when one is missing}
CALL () {
  UNWIND range(0, size($fresh) - 1) AS i
  WITH i, $fresh[i] AS row
  CREATE (n:$(row.labels))
  SET n = row.props
  FOREACH (t IN row.times | SET n[t[0]] = datetime.fromepoch(t[1], t[2]))
  WITH n, i ORDER BY i
  RETURN collect(n) AS fresh
}
CALL () {
  UNWIND range(0, size($ends) - 1) AS i
  MERGE (n:Resource {key: $ends[i]})
  ON CREATE SET n:Dangling
  WITH n, i ORDER BY i
  RETURN collect(n) AS ends
}
CALL () {
  UNWIND range(0, size($concepts) - 1) AS i
  MATCH (c:Concept {key: $concepts[i]})
  WITH c, i ORDER BY i
  RETURN collect(c) AS concepts
}
WITH fresh + ends AS nodes, concepts
CALL (nodes) {
  UNWIND $links AS alike
  UNWIND alike.each AS link
  WITH alike, link, nodes[link[0]] AS a, nodes[link[1]] AS b
  CREATE (a)-[:$(alike.type) {owner: $keys[link[alike.owner]], path: alike.path, ref: link[2], run: $run, via: link[3]}]->(b)
}
CALL (nodes) {
  UNWIND $others AS link
  WITH link, nodes[link[0]] AS a, nodes[link[1]] AS b
  CREATE (a)-[r:$(link[2])]->(b)
  SET r = link[3]
  FOREACH (t IN link[4] | SET r[t[0]] = datetime.fromepoch(t[1], t[2]))
}
CALL (nodes, concepts) {
  UNWIND CASE size(concepts) WHEN size($concepts) THEN $codes ELSE [] END AS alike
  UNWIND alike.each AS code
  WITH alike, nodes[code[0]] AS n, concepts[code[1]] AS c
  CREATE (n)-[:CODED {path: alike.path}]->(c)
}
RETURN size(nodes) AS nodes, size(concepts) AS concepts
