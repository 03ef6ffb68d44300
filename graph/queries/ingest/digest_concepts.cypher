// summary: A page of concepts in order of their keys, with labels, properties and the relationships between them, for a digest.
// access: read
// params:
//   after: {type: STRING, doc: Key after which the page begins; empty for the first page., example: ""}
//   size: {type: INTEGER, doc: Concepts at most., example: 2000}
// returns: {last: key of the last, rows: "lists: labels, properties, links (type, key of the end, properties)"}
MATCH (n:Concept)
WHERE n.key > $after
WITH n ORDER BY n.key LIMIT $size
RETURN max(n.key) AS last, collect([
  labels(n), properties(n), [(n)-[r]->(b:Concept) | [type(r), b.key, r {.*, run: null}]]
]) AS rows
