// summary: How many predictions each agent made at each coordinate, and how many were released.
// access: read
// params:
//   agent: {type: STRING, doc: "Key of an agent; null for all.", optional: true, example: null}
// returns:
//   agent: Key of the agent.
//   coordinate: Text of the coordinate.
//   predictions: How many.
//   released: How many of them were released.
MATCH (p:Prediction)-[:MADE_BY]->(a:Agent), (p)-[:AT]->(k:Coordinate)
WHERE $agent IS NULL OR a.key = $agent
RETURN a.key AS agent, k.text AS coordinate, count(p) AS predictions,
       count(CASE WHEN p.released THEN 1 END) AS released
ORDER BY agent, coordinate
