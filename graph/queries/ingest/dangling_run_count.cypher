// summary: How many references of one ingest run point at something that is not in the graph.
// access: read
// params:
//   run: {type: STRING, doc: Id of the run., example: 20260101T000000-abcdef}
// returns: {references: how many}
MATCH (waits:Dangling)-[r]-(o:Resource) USING SCAN waits:Dangling
WHERE r.run = $run AND r.owner = o.key
RETURN count(*) AS references
