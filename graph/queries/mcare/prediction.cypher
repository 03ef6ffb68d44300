// summary: What a report about a prediction needs; no fact of the patient.
// access: read
// params:
//   id: {type: STRING, doc: Id of the prediction., example: "0000"}
// returns:
//   prediction: task, model, made, released, reasons, population
//   agent: key, name, version, provider, kind
//   coordinate: text of the coordinate
//   evidence: ids of the agent's evidence in that cell
MATCH (p:Prediction {id: $id})-[:MADE_BY]->(a:Agent)
OPTIONAL MATCH (p)-[:AT]->(k:Coordinate)
RETURN p {.id, .task, .model, .released, .reasons, .population, made: toString(p.made)} AS prediction,
  a {.key, .name, .version, .provider, .kind} AS agent, k.text AS coordinate,
  [(a)-[:HAS_EVIDENCE]->(e:Evidence)-[:IN_CELL]->(k) | e.id] AS evidence
