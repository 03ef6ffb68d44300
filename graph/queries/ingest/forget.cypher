// summary: Take superseded versions out of the graph with their parts; another that says the same stands for them.
// access: write
// params:
//   keys: {type: LIST<STRING>, doc: Keys of superseded versions., example: []}
UNWIND $keys AS key
MATCH (n:Resource {key: key})
OPTIONAL MATCH (c:Resource) WHERE c.key STARTS WITH key + '#'
DETACH DELETE n, c
