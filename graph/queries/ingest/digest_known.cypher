// summary: A page of resources that were known at an instant, in order of their keys, each with its properties, references as written, and codes.
// access: read
// params:
//   after: {type: STRING, doc: Key after which the page begins; empty for the first page., example: ""}
//   size: {type: INTEGER, doc: Resources looked at., example: 2000}
//   at: {type: ZONED DATETIME, doc: The instant., example: "2024-01-01T00:00:00Z"}
// returns:
//   last: key of the last
//   rows: "lists: labels, properties, whether the closing fields were not known yet, links (type, path, reference as written or code)"
MATCH (n:Resource)
WHERE n.key > $after
WITH n ORDER BY n.key LIMIT $size
CALL (n) {
  WITH n WHERE n.type IS NOT NULL AND (NOT n:Deleted OR n.deleted > $at)
    AND (n.recorded <= $at OR (n.recorded IS NULL AND NOT n:Event AND NOT n:Encounter))
    AND (NOT n:Contained OR EXISTS { MATCH (c:Resource {key: split(n.key, '#')[0]}) WHERE c.recorded <= $at OR (c.recorded IS NULL AND NOT c:Event AND NOT c:Encounter) })
  OPTIONAL MATCH (n)-[r]-(b)
  WHERE r.owner = n.key OR type(r) = 'CODED'
  WITH n, [x IN collect([type(r), r.path, CASE type(r) WHEN 'CODED' THEN b.key ELSE r.ref END]) WHERE x[0] IS NOT NULL] AS links
  RETURN collect([
    labels(n),
    n {.*, key: coalesce(n.of, n.key), of: null, since: null, first_recorded: null, first_closed: null, clocked: null, versions: null, start: toString(n.start), end: toString(n.end), recorded: toString(n.recorded), closed: toString(n.closed),
       tomb: null, deleted: null, deleted_clock: null, fhir: null, source: null, line: null, entry: null, run: null, assigned: null},
    NOT coalesce(n.closed <= $at, false),
    links
  ]) AS found
}
WITH n.key AS key, head(found) AS row
RETURN max(key) AS last, collect(row) AS rows
