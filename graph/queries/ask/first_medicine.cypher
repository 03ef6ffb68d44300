// summary: "Which medicine is ordered first after the diagnosis, within so many days, and for how many?"
// access: read
// audience: researcher
// rate: true
// params:
//   condition: {type: STRING, doc: "Code of the diagnosis, system|code.", example: "http://snomed.info/sct|44054006"}
//   days: {type: INTEGER, doc: "Days after the diagnosis became known.", example: 90}
// returns:
//   medicine: "The medicine; of several at the same instant the first by name."
//   events: "Patients for whom it came first."
//   n: "Patients with the diagnosis."
MATCH (:Concept {key: $condition})<-[:CODED]-(c:Condition)<-[:HAS_EVENT]-(p:Patient)
WHERE $condition IN c.codes AND c.recorded IS NOT NULL AND NOT c:Deleted AND NOT coalesce(c.verification IN ['entered-in-error', 'refuted'], false)
WITH p, min(coalesce(c.first_recorded, c.recorded)) AS since
WITH collect({p: p, since: since}) AS people, count(p) AS n
UNWIND people AS one
WITH n, one.p AS p, one.since AS since
MATCH (p)-[:HAS_EVENT]->(m:MedicationRequest)
WHERE coalesce(m.first_recorded, m.recorded) >= since AND coalesce(m.first_recorded, m.recorded) <= since + duration({days: $days}) AND NOT m:Deleted AND NOT coalesce(m.status = 'entered-in-error', false)
OPTIONAL MATCH (m)-[:MEDICATION]->(d:Medication)
WITH n, p, coalesce(m.first_recorded, m.recorded) AS at, coalesce(m.display, d.display) AS medicine
ORDER BY at, medicine
WITH n, p, head(collect(medicine)) AS medicine
RETURN medicine, count(p) AS events, n
ORDER BY events DESC, medicine
