// summary: Every relationship between resources and concepts, for a digest of the graph.
// access: read
// params: {}
// returns: {a: key of the start, type: type, b: key of the end, props: "its properties without run"}
MATCH (a:Resource)-[r]->(b:Resource|Concept)
RETURN a.key AS a, type(r) AS type, b.key AS b, r {.*, run: null, via: null} AS props
