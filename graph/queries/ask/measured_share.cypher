// summary: "In how many encounters, by class, is there a result of this test?"
// access: read
// audience: researcher
// rate: true
// params:
//   test: {type: STRING, doc: "Code of the test, system|code.", example: "http://loinc.org|4548-4"}
// returns:
//   class: "Class of the encounters."
//   events: "Encounters with a result."
//   n: "Encounters."
MATCH (e:Encounter) WHERE e.type IS NOT NULL AND NOT e:Deleted
WITH e.class AS class, EXISTS { MATCH (e)-[:INCLUDES]->(o:Observation) WHERE $test IN o.codes AND NOT o:Deleted } AS measured
RETURN class, count(CASE WHEN measured THEN 1 END) AS events, count(*) AS n
ORDER BY class
