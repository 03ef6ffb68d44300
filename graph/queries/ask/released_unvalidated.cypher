// summary: "Which predictions were released although the agent was not validated there?"
// access: read
// audience: safety
// returns:
//   prediction: "Id of the prediction."
//   agent: "Key of the agent."
//   patient: "Key of the patient."
//   made: "When."
//   verdict: "The verdict then, or null."
MATCH (p:Prediction {released: true})-[:MADE_BY]->(a:Agent)
WHERE NOT coalesce(p.verdict = 'validated', false)
MATCH (p)-[:ABOUT]->(x:Patient)
RETURN p.id AS prediction, a.key AS agent, x.key AS patient, p.made AS made, p.verdict AS verdict
ORDER BY made, prediction
