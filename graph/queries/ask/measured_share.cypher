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
MATCH (e:Encounter) WHERE e.type IS NOT NULL AND NOT e:Deleted AND NOT coalesce(e.status = 'entered-in-error', false)
WITH e.class AS class, EXISTS {
    MATCH (e)-[:INCLUDES]->(o:Observation)
    WHERE $test IN o.codes AND NOT o:Deleted AND NOT coalesce(o.status = 'entered-in-error', false)
  } AS measured
RETURN class, count(CASE WHEN measured THEN 1 END) AS events, count(*) AS n
ORDER BY class
