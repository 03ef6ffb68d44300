// summary: Every resource and concept with its labels and properties, for a digest of the graph.
// access: read
// params: {}
// returns: {nodes: "a list of [labels, properties]"}
MATCH (n)
WHERE n:Resource OR n:Concept
RETURN labels(n) AS labels, properties(n) {.*, fhir: null, source: null, line: null, run: null} AS props
