// summary: "Which agents advise on real patients while all their evidence at that coordinate comes from synthetic ones?"
// access: read
// audience: safety
// returns:
//   agent: "Key of the agent."
//   coordinate: "Text of the coordinate."
//   records: "Records of evidence there."
//   predictions: "Predictions about real patients there."
MATCH (p:Prediction {population: 'real'})-[:MADE_BY]->(a:Agent), (p)-[:AT]->(k:Coordinate)
WITH a, k, count(p) AS predictions
MATCH (a)-[:HAS_EVIDENCE]->(e:Evidence)-[:IN_CELL]->(k)
WITH a, k, predictions, count(e) AS records, count(CASE WHEN e.population STARTS WITH 'synthetic' THEN 1 END) AS synthetic
WHERE records = synthetic
RETURN a.key AS agent, k.text AS coordinate, records, predictions
ORDER BY agent, coordinate
