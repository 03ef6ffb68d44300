// summary: Every relationship between resources and concepts, for a digest of the graph.
// access: read
// params: {}
// returns: {a: key of the start, type: type, b: key of the end, props: its properties}
MATCH (a:Resource)-[r]->(b)
WHERE b:Resource OR b:Concept
RETURN a.key AS a, type(r) AS type, b.key AS b, properties(r) {.*, run: null, via: null} AS props
