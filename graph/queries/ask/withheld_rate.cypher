// summary: "How many of the predictions of each agent were withheld by the gate?"
// access: read
// audience: safety
// rate: true
// returns:
//   agent: "Key of the agent."
//   events: "Withheld."
//   n: "Made."
MATCH (p:Prediction)-[:MADE_BY]->(a:Agent)
RETURN a.key AS agent, count(CASE WHEN NOT coalesce(p.released, false) THEN 1 END) AS events, count(p) AS n
ORDER BY agent
