// summary: "Which agents claim a coordinate at which they have no evidence?"
// access: read
// audience: safety
// returns:
//   agent: "Key of the agent."
//   coordinate: "Text of the coordinate."
//   population: "Whom the claim is for."
//   predictions: "Predictions made there all the same."
MATCH (a:Agent)-[:CLAIMS]->(c:Claim)-[:AT]->(k:Coordinate)
WHERE NOT EXISTS { MATCH (a)-[:HAS_EVIDENCE]->(:Evidence)-[:IN_CELL]->(k) }
RETURN a.key AS agent, k.text AS coordinate, c.population AS population,
       COUNT { MATCH (p:Prediction)-[:MADE_BY]->(a) WHERE EXISTS { (p)-[:AT]->(k) } } AS predictions
ORDER BY agent, coordinate, population
