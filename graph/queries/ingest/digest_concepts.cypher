// summary: A page of the concepts that data say, in order of their keys, without what a classification adds to them, for a digest.
// access: read
// params:
//   after: {type: STRING, doc: Key after which the page begins; empty for the first page., example: ""}
//   size: {type: INTEGER, doc: Concepts at most., example: 2000}
// returns: {last: key of the last, rows: "lists: labels, properties, links (type, key of the end, properties)"}
MATCH (n:Concept)
WHERE n.key > $after AND n.listed IS NULL
WITH n ORDER BY n.key LIMIT $size
RETURN max(n.key) AS last, collect([
  labels(n), n {.*, name: null, level: null, condition: null}, []
]) AS rows
