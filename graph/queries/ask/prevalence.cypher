// summary: "How many of the patients seen by an instant had an open diagnosis then, by gender?"
// access: read
// audience: researcher
// rate: true
// params:
//   condition: {type: STRING, doc: "Code of the diagnosis, system|code.", example: "http://snomed.info/sct|44054006"}
//   at: {type: ZONED DATETIME, doc: What was known at this instant., example: "2024-06-30T00:00:00Z"}
// returns:
//   gender: "As recorded, or null."
//   events: "Patients with the diagnosis open."
//   n: "Patients seen by then, but those who were known to have died."
MATCH (p:Patient)
WHERE p.type IS NOT NULL AND (NOT p:Deleted OR p.deleted > $at) AND NOT coalesce(p.closed <= $at, false) AND EXISTS {
    MATCH (p)-[:HAS_ENCOUNTER]->(e:Encounter)
    WHERE e.recorded <= $at AND (NOT e:Deleted OR e.deleted > $at) AND NOT coalesce(e.status = 'entered-in-error' AND e.closed <= $at, false)
  }
WITH p, EXISTS {
  MATCH (p)-[:HAS_EVENT]->(c:Condition)
  WHERE $condition IN c.codes AND c.recorded <= $at AND NOT coalesce(c.closed <= $at, false) AND (NOT c:Deleted OR c.deleted > $at)
    AND NOT coalesce(c.verification IN ['entered-in-error', 'refuted'], false)
} AS ill
RETURN p.gender AS gender, count(CASE WHEN ill THEN 1 END) AS events, count(p) AS n
ORDER BY gender
