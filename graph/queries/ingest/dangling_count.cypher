// summary: How many references point at something that is not in the graph.
// access: read
// params: {}
// returns: {references: how many}
MATCH (p:Dangling)
WHERE EXISTS { (p)--() }
RETURN sum(COUNT { (p)--() }) AS references
