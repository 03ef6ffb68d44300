// summary: "Did what an agent predicted come about, where enough time has passed?"
// access: read
// audience: safety
// rate: true
// params:
//   task: {type: STRING, doc: Name of the task., example: admission-365d}
//   class: {type: STRING, doc: "Class of encounters, such as IMP, EMER, AMB.", example: IMP}
//   days: {type: INTEGER, doc: "Horizon of the task in days.", example: 180}
//   at: {type: ZONED DATETIME, doc: What was known at this instant., example: "2024-12-31T00:00:00Z"}
// returns:
//   agent: "Key of the agent."
//   expected: "Sum of the predicted probabilities."
//   events: "Patients with such an encounter within the horizon."
//   n: "Predictions of which the horizon is over."
MATCH (p:Prediction {task: $task})-[:MADE_BY]->(a:Agent), (p)-[:ABOUT]->(x:Patient)
WHERE p.index_time + duration({days: $days}) <= $at
WITH a, p, EXISTS {
  MATCH (x)-[:HAS_ENCOUNTER]->(e:Encounter {class: $class})
  WHERE e.start > p.index_time AND e.start <= p.index_time + duration({days: $days}) AND e.recorded <= $at AND (NOT e:Deleted OR e.deleted > $at)
    AND NOT coalesce(e.status = 'entered-in-error' AND e.closed <= $at, false)
} AS came
RETURN a.key AS agent, sum(p.probability) AS expected, count(CASE WHEN came THEN 1 END) AS events, count(p) AS n
ORDER BY agent
