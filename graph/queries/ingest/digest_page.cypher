// summary: A page of resources in order of their keys, each with labels, properties and the relationships that begin there, for a digest.
// access: read
// params:
//   after: {type: STRING, doc: Key after which the page begins; empty for the first page., example: ""}
//   size: {type: INTEGER, doc: Resources at most., example: 2000}
// returns: {last: key of the last, rows: "lists: labels, properties (without text, place and run), links (type, key of the end, properties)"}
MATCH (n:Resource)
WHERE n.key > $after
WITH n ORDER BY n.key LIMIT $size
CALL (n) {
  MATCH (n)-[r]->(b:Resource|Concept)
  RETURN collect([type(r), b.key, r {.*, run: null, via: null}]) AS links
}
RETURN max(n.key) AS last, collect([
  labels(n),
  n {.*, start: toString(n.start), end: toString(n.end), recorded: toString(n.recorded), closed: toString(n.closed), since: toString(n.since), first_recorded: toString(n.first_recorded), first_closed: toString(n.first_closed), clocked: toString(n.clocked),
     deleted: CASE WHEN n.deleted_clock <> 'read' THEN toString(n.deleted) END, tomb: CASE WHEN n.deleted_clock <> 'read' THEN n.tomb END,
     fhir: null, source: null, line: null, entry: null, run: null, assigned: null},
  links
]) AS rows
