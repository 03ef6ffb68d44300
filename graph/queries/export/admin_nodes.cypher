// summary: A page of resources in the order of their keys, with labels, all properties, and the relationships of the record that begin there.
// access: read
// params:
//   after: {type: STRING, doc: Key after which the page begins; empty for the first page., example: ""}
//   size: {type: INTEGER, doc: Resources at most., example: 2000}
// returns: {last: key of the last, rows: "lists: labels, properties, links (type, whether the end is a concept, key of the end, properties)"}
MATCH (n:Resource)
WHERE n.key > $after
WITH n ORDER BY n.key LIMIT $size
CALL (n) {
  MATCH (n)-[r]->(b:Resource|Concept)
  RETURN collect([type(r), b:Concept, b.key, r {.*, start: toString(r.start), end: toString(r.end)}]) AS links
}
RETURN max(n.key) AS last, collect([
  labels(n),
  n {.*, start: toString(n.start), end: toString(n.end), recorded: toString(n.recorded), closed: toString(n.closed)},
  links
]) AS rows
