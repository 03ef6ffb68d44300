// summary: A patient's conditions by chapter of ICD-10-CM, all that is known; the clock is read by graph.terminology.by_chapter.
// access: read
// params:
//   patient: {type: STRING, doc: Key of a patient., example: Patient/1}
// returns: {chapter: number of the chapter (null for codes without a place), name: its name, conditions: "how many", displays: what they are called}
MATCH (:Patient {key: $patient})<-[:REPLACED_BY*0..10]-()-[:HAS_EVENT]->(n:Condition)
WHERE NOT n:Deleted
OPTIONAL MATCH (n)-[:CODED {path: 'code'}]->(:Concept)-[:MAPS_TO*0..1]->(c:Concept)-[:IS_A*1..14]->(t:Concept {level: 'chapter'})
WITH n, head(collect(DISTINCT t)) AS t
RETURN t.code AS chapter, t.name AS name, count(n) AS conditions, collect(DISTINCT n.display) AS displays
ORDER BY conditions DESC, chapter
