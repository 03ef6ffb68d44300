// summary: "How many patients remain after each criterion, one after the other?"
// access: read
// audience: researcher
// params:
//   condition: {type: STRING, doc: "Code of the diagnosis, system|code.", example: "http://snomed.info/sct|44054006"}
//   test: {type: STRING, doc: "Code of the test, system|code.", example: "http://loinc.org|4548-4"}
//   at: {type: ZONED DATETIME, doc: What was known at this instant., example: "2024-06-30T00:00:00Z"}
// returns:
//   step: "Place of the criterion, from 1."
//   criterion: "What is asked for."
//   patients: "How many meet it and all before it."
MATCH (p:Patient)
WHERE p.type IS NOT NULL AND (NOT p:Deleted OR p.deleted > $at) AND EXISTS {
    MATCH (p)-[:HAS_ENCOUNTER]->(e:Encounter)
    WHERE e.recorded <= $at AND (NOT e:Deleted OR e.deleted > $at) AND NOT coalesce(e.status = 'entered-in-error' AND e.closed <= $at, false)
  }
OPTIONAL MATCH (p)-[:HAS_EVENT]->(c:Condition)
WHERE $condition IN c.codes AND c.recorded <= $at AND (NOT c:Deleted OR c.deleted > $at)
  AND NOT coalesce(c.verification IN ['entered-in-error', 'refuted'], false)
WITH p, min(coalesce(c.first_recorded, c.recorded)) AS since
WITH since, EXISTS {
    MATCH (p)-[:HAS_EVENT]->(o:Observation) WHERE $test IN o.codes AND o.recorded >= since AND o.recorded <= $at AND (NOT o:Deleted OR o.deleted > $at)
      AND NOT coalesce(o.status = 'entered-in-error', false)
  } AS tested, EXISTS {
    MATCH (p)-[:HAS_ENCOUNTER]->(e:Encounter) WHERE coalesce(e.first_recorded, e.recorded) > since AND e.recorded <= $at AND (NOT e:Deleted OR e.deleted > $at)
      AND NOT coalesce(e.status = 'entered-in-error' AND e.closed <= $at, false)
  } AS again
WITH count(*) AS seen, count(since) AS ill, count(CASE WHEN tested THEN 1 END) AS measured, count(CASE WHEN tested AND again THEN 1 END) AS back
UNWIND [[1, 'seen', seen], [2, 'with the diagnosis', ill], [3, 'tested since', measured], [4, 'seen again since', back]] AS row
RETURN row[0] AS step, row[1] AS criterion, row[2] AS patients
ORDER BY step
