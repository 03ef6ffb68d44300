// summary: "Which predictions rest on facts that were not known yet at their instant?"
// access: read
// audience: safety
// returns:
//   prediction: "Id of the prediction."
//   agent: "Key of the agent."
//   fact: "Key of the fact."
//   index_time: "The instant of the prediction."
//   recorded: "When the fact became known, or null for never."
MATCH (p:Prediction)-[:BECAUSE]->(f:Event)
WHERE NOT coalesce(f.recorded <= p.index_time, false)
MATCH (p)-[:MADE_BY]->(a:Agent)
RETURN DISTINCT p.id AS prediction, a.key AS agent, coalesce(f.of, f.key) AS fact, p.index_time AS index_time, f.recorded AS recorded
ORDER BY prediction, fact
