// summary: What the rounds of each patient depend on, in numbers that change when any of it does, and the mark of the last time.
// access: read
// params: {}
// returns: {patient: key of the patient, now: "counts, sums of instants and the runs that wrote", before: the mark of the last time or null}
MATCH (p:Patient) WHERE p.type IS NOT NULL AND NOT p:Deleted
CALL (p) {
  MATCH (p)-[:HAS_ENCOUNTER]->(e) WHERE NOT e:Deleted
  RETURN [count(e), sum(coalesce(e.first_recorded, e.recorded, datetime({epochSeconds: 1})).epochSeconds), sum(coalesce(e.first_closed, e.closed, datetime({epochSeconds: 1})).epochSeconds)] AS visits, collect(DISTINCT e.run) AS visit_runs
}
CALL (p) {
  MATCH (p)-[:HAS_EVENT]->(f) WHERE NOT f:Deleted
  RETURN [count(f), sum(coalesce(f.first_recorded, f.recorded, datetime({epochSeconds: 1})).epochSeconds), sum(coalesce(f.closed.epochSeconds, 1)), sum(COUNT { (f)<-[:INCLUDES]-() })] AS facts,
         collect(DISTINCT f.run) AS fact_runs
}
CALL (p) {
  MATCH (p)<-[:ABOUT]-(x:Prediction)
  RETURN [count(x), sum(coalesce(x.made.epochSeconds, 1)), sum(COUNT { (x)-[:BECAUSE]->() }), sum(COUNT { (x)-[:IN_ENCOUNTER]->() })] AS advice
}
OPTIONAL MATCH (m:LoopMark {key: p.key})
RETURN p.key AS patient, [visits, facts, advice, visit_runs, fact_runs] AS now, m.mark AS before
ORDER BY patient
