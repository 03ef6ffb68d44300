// summary: Predictions of a patient or a task, newest first, without the facts.
// access: read
// params:
//   patient: {type: STRING, doc: "Key of the patient; null for all.", optional: true, example: null}
//   task: {type: STRING, doc: "Name of the task; null for all.", optional: true, example: "admission-365d"}
//   limit: {type: INTEGER, doc: "How many at most.", example: 20}
// returns:
//   props: Its properties.
//   patient: Key of the patient.
//   agent: Key of the agent.
//   coordinate: Text of the coordinate, or null.
//   encounter: Key of the encounter, or null.
MATCH (p:Prediction)-[:ABOUT]->(patient:Resource)
WHERE ($patient IS NULL OR patient.key = $patient) AND ($task IS NULL OR p.task = $task)
MATCH (p)-[:MADE_BY]->(agent:Agent)
OPTIONAL MATCH (p)-[:AT]->(k:Coordinate)
OPTIONAL MATCH (p)-[:IN_ENCOUNTER]->(n:Encounter)
RETURN p {.*} AS props, patient.key AS patient, agent.key AS agent, k.text AS coordinate, n.key AS encounter
ORDER BY p.made DESC, p.id
LIMIT $limit
