// summary: "Which agents give advice on evidence that is older than so many days, or on none?"
// access: read
// audience: safety
// params:
//   days: {type: INTEGER, doc: "Greatest age of the newest record of evidence.", example: 365}
//   at: {type: ZONED DATETIME, doc: What was known at this instant., example: "2024-06-30T00:00:00Z"}
// returns:
//   agent: "Key of the agent."
//   newest: "Day of the newest record, or null."
//   predictions: "Predictions made by then."
MATCH (a:Agent)<-[:MADE_BY]-(p:Prediction) WHERE p.made <= $at
WITH a, count(p) AS predictions
OPTIONAL MATCH (a)-[:HAS_EVIDENCE]->(e:Evidence) WHERE e.date <= date($at)
WITH a, predictions, max(e.date) AS newest
WHERE newest IS NULL OR newest < date($at) - duration({days: $days})
RETURN a.key AS agent, newest, predictions
ORDER BY agent
