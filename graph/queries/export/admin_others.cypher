// summary: Concepts with the relationships between them, ingest runs and aliases, one by one.
// access: read
// returns: {kind: label, key: key or id, labels: labels, props: properties, links: "lists: type, whether the end is a concept, key of the end, properties"}
MATCH (n:Concept|IngestRun|Alias)
RETURN CASE WHEN n:Concept THEN 'Concept' WHEN n:IngestRun THEN 'IngestRun' ELSE 'Alias' END AS kind,
  coalesce(n.key, n.id) AS key, labels(n) AS labels, properties(n) AS props,
  [(n)-[r]->(b:Concept) | [type(r), true, b.key, properties(r)]] AS links
