// summary: "Which diagnoses come together with this one in a patient, and how much more often than by chance?"
// access: read
// audience: researcher
// params:
//   condition: {type: STRING, doc: "Code of the diagnosis, system|code.", example: "http://snomed.info/sct|44054006"}
//   least: {type: INTEGER, doc: Patients with both at least., example: 1}
// returns:
//   code: "The other diagnosis, system and code."
//   display: "Its name, the first by the alphabet where there are several."
//   both: "Patients with both."
//   with_other: "Patients with the other."
//   with_condition: "Patients with this one."
//   patients: "Patients with any diagnosis."
//   lift: "both * patients / (with_other * with_condition); 1 is chance."
MATCH (p:Patient)-[:HAS_EVENT]->(c:Condition) WHERE c.code IS NOT NULL AND NOT c:Deleted
  AND NOT coalesce(c.verification IN ['entered-in-error', 'refuted'], false)
WITH count(DISTINCT p) AS patients
MATCH (p:Patient)-[:HAS_EVENT]->(c:Condition) WHERE $condition IN c.codes AND NOT c:Deleted
  AND NOT coalesce(c.verification IN ['entered-in-error', 'refuted'], false)
WITH patients, collect(DISTINCT p) AS ill
UNWIND ill AS p
MATCH (p)-[:HAS_EVENT]->(c:Condition) WHERE c.code IS NOT NULL AND NOT $condition IN c.codes AND NOT c:Deleted
  AND NOT coalesce(c.verification IN ['entered-in-error', 'refuted'], false)
WITH patients, size(ill) AS with_condition, c.system AS system, c.code AS bare, min(c.display) AS display, count(DISTINCT p) AS both
WHERE both >= $least
MATCH (:Concept {key: system + '|' + bare})<-[:CODED]-(c:Condition {system: system, code: bare})<-[:HAS_EVENT]-(p:Patient) WHERE NOT c:Deleted
  AND NOT coalesce(c.verification IN ['entered-in-error', 'refuted'], false)
WITH patients, with_condition, system + '|' + bare AS code, display, both, count(DISTINCT p) AS with_other
RETURN code, display, both, with_other, with_condition, patients, toFloat(both * patients) / (with_other * with_condition) AS lift
ORDER BY both DESC, code
