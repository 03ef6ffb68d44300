// summary: "Which cases of failure are open, by agent?"
// access: read
// audience: safety
// returns:
//   agent: "Key of the agent."
//   case: "Id of the case."
//   status: "filed, under-review or accepted."
//   severity: "Its severity."
//   coordinate: "Text of its coordinate, or null."
//   predictions: "Predictions that it is about."
MATCH (c:Case)-[:CONCERNS]->(a:Agent)
WHERE c.status IN ['filed', 'under-review', 'accepted']
OPTIONAL MATCH (c)-[:AT]->(k:Coordinate)
RETURN a.key AS agent, c.id AS case, c.status AS status, c.severity AS severity, k.text AS coordinate,
       COUNT { (c)-[:ABOUT]->(:Prediction) } AS predictions
ORDER BY agent, case
