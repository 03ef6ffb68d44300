// summary: Which labels each type of relationship connects, with how many; of a node's labels all are given.
// access: read
// returns:
//   a: Labels of the start.
//   type: Type of the relationship.
//   b: Labels of the end.
//   count: How many there are.
MATCH (a)-[r]->(b)
WITH labels(a) AS a, type(r) AS type, labels(b) AS b, count(*) AS count
RETURN a, type, b, count
ORDER BY count DESC, type, a, b
