// summary: "Of those seen by the end of a period and free of the diagnosis at its beginning, how many got it in the period?"
// access: read
// audience: researcher
// rate: true
// params:
//   condition: {type: STRING, doc: "Code of the diagnosis, system|code.", example: "http://snomed.info/sct|44054006"}
//   from: {type: ZONED DATETIME, doc: "Beginning of the period, inclusive.", example: "2024-02-01T00:00:00Z"}
//   to: {type: ZONED DATETIME, doc: "End of the period, exclusive.", example: "2024-07-01T00:00:00Z"}
// returns:
//   events: "Patients with a first record of the diagnosis in the period."
//   n: "Patients at risk: seen before the end, not known to have died before the beginning, without the diagnosis by then."
MATCH (p:Patient)
WHERE p.type IS NOT NULL AND NOT p:Deleted AND NOT coalesce(p.closed < $from, false) AND EXISTS {
    MATCH (p)-[:HAS_ENCOUNTER]->(e:Encounter)
    WHERE coalesce(e.first_recorded, e.recorded) < $to AND NOT e:Deleted AND NOT coalesce(e.status = 'entered-in-error', false)
  }
OPTIONAL MATCH (p)-[:HAS_EVENT]->(c:Condition) WHERE $condition IN c.codes AND NOT c:Deleted
  AND NOT coalesce(c.verification IN ['entered-in-error', 'refuted'], false)
WITH p, min(coalesce(c.first_recorded, c.recorded)) AS first
WHERE first IS NULL OR first >= $from
RETURN count(CASE WHEN first < $to THEN 1 END) AS events, count(p) AS n
