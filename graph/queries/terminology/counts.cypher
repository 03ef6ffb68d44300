// summary: Conditions and patients by chapter, block or category of ICD-10-CM, rolled up from every code that lies in it or leads to it.
// access: read
// params:
//   level: {type: STRING, doc: "chapter, block or category", example: chapter}
//   within: {type: STRING, doc: "only inside this code of ICD-10-CM (9, I20-I25); null for all", example: null, optional: true}
// returns: {code: of ICD-10-CM, name: its name, conditions: how many, patients: how many people have one}
MATCH (n:Condition)-[k:CODED]->(said:Concept)
WHERE k.path = 'code' AND NOT n:Deleted
WITH said, collect(DISTINCT n) AS found
MATCH (said)-[:MAPS_TO*0..1]->(c:Concept)
WHERE c.level IS NOT NULL
MATCH (c)-[:IS_A*0..14]->(t:Concept {level: $level})
WHERE $within IS NULL OR t.code = $within OR EXISTS { (t)-[:IS_A*1..14]->(:Concept {code: $within, system: t.system}) }
WITH DISTINCT t, said, found
UNWIND found AS n
OPTIONAL MATCH (n)<-[:HAS_EVENT]-(:Patient)-[:REPLACED_BY*0..10]->(p:Patient)
WHERE NOT EXISTS {
  MATCH (p)-[:REPLACED_BY*1..10]->(other:Patient)
  WHERE other <> p AND other.type = 'Patient' AND NOT other:Deleted
    AND NOT EXISTS { MATCH shortestPath((other)-[:REPLACED_BY*]->(p)) }
}
RETURN t.code AS code, t.name AS name, count(DISTINCT n) AS conditions, count(DISTINCT p) AS patients
ORDER BY conditions DESC, code
