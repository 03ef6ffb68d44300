// summary: Labels of one node that is no migration; no row when the graph is empty.
// access: read
// returns: {labels: its labels}
MATCH (n)
WHERE NOT n:Migration
RETURN labels(n) AS labels LIMIT 1
