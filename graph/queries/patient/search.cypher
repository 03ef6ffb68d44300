// summary: Patients whose name or id has words that begin so, in order of id, a page at a time.
// access: read
// params:
//   text: {type: STRING, doc: "The search as the full-text index wants it: name* AND other*", example: "a*"}
//   after: {type: STRING, doc: Id after which the page begins; empty for the first page., example: ""}
//   limit: {type: INTEGER, doc: Patients at most., example: 5}
// returns: {id: logical id, name: name or null, gender: as recorded, birth: date of birth as given, population: synthetic or real, deceased: when, encounters: how many, facts: how many}
CALL db.index.fulltext.queryNodes('patient_text', $text) YIELD node AS p
WHERE p.id > $after AND NOT p:Deleted
WITH p ORDER BY p.id LIMIT $limit
RETURN p.id AS id, p.name AS name, p.gender AS gender, p.birth AS birth, p.population AS population, p.deceased AS deceased,
  COUNT { MATCH (p)<-[:REPLACED_BY*0..10]-(q) WITH DISTINCT q MATCH (q)-[:HAS_ENCOUNTER]->(e) WHERE NOT e:Deleted RETURN e } AS encounters, COUNT { MATCH (p)<-[:REPLACED_BY*0..10]-(q) WITH DISTINCT q MATCH (q)-[:HAS_EVENT]->(f) WHERE NOT f:Deleted RETURN f } AS facts
