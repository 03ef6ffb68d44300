// summary: The properties of the record's nodes by kind, and of its relationships by type, with the types of their values.
// access: read
// returns: {kind: FHIR type or label; the type of a relationship, link: whether it is a relationship, property: name, types: Cypher types of its values}
CALL () {
  MATCH (n:Resource|Concept|IngestRun|Alias)
  UNWIND keys(n) AS property
  WITH CASE WHEN n.type IS NOT NULL AND n:Resource THEN n.type WHEN n:Resource THEN 'Dangling' ELSE head(labels(n)) END AS kind, property,
    collect(DISTINCT replace(valueType(n[property]), ' NOT NULL', '')) AS types
  RETURN kind, false AS link, property, types
  UNION ALL
  MATCH (a:Resource|Concept)-[r]->(b:Resource|Concept)
  WITH type(r) AS kind, r
  UNWIND CASE keys(r) WHEN [] THEN [null] ELSE keys(r) END AS property
  WITH kind, property, collect(DISTINCT replace(valueType(r[property]), ' NOT NULL', '')) AS types
  RETURN kind, true AS link, property, types
}
RETURN kind, link, property, types
ORDER BY kind, link, property
