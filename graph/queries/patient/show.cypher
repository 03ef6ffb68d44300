// summary: One patient and how much is known of whom, by type and by class of encounter.
// access: read
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/1}
// returns: {patient: properties, types: facts by type, classes: encounters by class, first: first start, last: last start}
MATCH (p:Resource {key: $patient})
WHERE p:Patient AND NOT p:Deleted
CALL (p) {
  MATCH (p)<-[:REPLACED_BY*0..10]-(q)
  WITH DISTINCT q
  MATCH (q)-[:HAS_EVENT|HAS_ENCOUNTER]->(n)
  WHERE NOT n:Deleted
  RETURN min(n.start) AS first, max(n.start) AS last
}
CALL (p) {
  MATCH (p)<-[:REPLACED_BY*0..10]-(q)
  WITH DISTINCT q
  MATCH (q)-[:HAS_EVENT]->(n)
  WHERE NOT n:Deleted
  WITH n.type AS type, count(*) AS many ORDER BY many DESC, type
  RETURN collect({type: type, count: many}) AS types
}
CALL (p) {
  MATCH (p)<-[:REPLACED_BY*0..10]-(q)
  WITH DISTINCT q
  MATCH (q)-[:HAS_ENCOUNTER]->(e)
  WHERE NOT e:Deleted
  WITH e.class AS class, count(*) AS many ORDER BY many DESC, class
  RETURN collect({class: class, count: many}) AS classes
}
RETURN p {.*, fhir: null, rank: null, digest: null} AS patient, types, classes, first, last
