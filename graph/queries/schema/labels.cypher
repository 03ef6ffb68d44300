// summary: Every combination of labels with its number of nodes.
// access: read
// returns:
//   labels: The labels of a node, sorted.
//   nodes: How many nodes have exactly these.
MATCH (n)
WITH labels(n) AS labels, count(*) AS nodes
RETURN labels, nodes
ORDER BY nodes DESC, labels
