// summary: References that one ingest run wrote and whose target is not in the graph, with where their owners stood in the files, in that order.
// access: read
// params:
//   run: {type: STRING, doc: Id of the run., example: 20260101T000000-abcdef}
//   rows: {type: INTEGER, doc: How many to show., example: 100}
// returns: {owner: key of the resource that refers, path: its element, target: what it refers to, source: the file, line: the line or 0, entry: index in the bundle}
MATCH (waits:Dangling)-[r]-(o:Resource) USING SCAN waits:Dangling
WHERE r.run = $run AND r.owner = o.key
WITH r, o, CASE o WHEN startNode(r) THEN endNode(r) ELSE startNode(r) END AS p
RETURN coalesce(o.of, o.key) AS owner, r.path AS path, p.key AS target, o.source AS source, o.line AS line, o.entry AS entry
ORDER BY source, line, entry, owner, path LIMIT $rows
