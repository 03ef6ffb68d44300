// summary: One prediction with its patient, agent, coordinate, encounter and the facts it rests on.
// access: read
// params:
//   id: {type: STRING, doc: "Id of the prediction, or the beginning of one.", example: "5f1d"}
// returns:
//   props: Its properties.
//   patient: Key of the patient.
//   agent: Key of the agent.
//   coordinate: Text of the coordinate, or null.
//   encounter: Key of the encounter, or null.
//   because: The facts, each with key, type, display, start, feature, value and contribution, strongest first.
MATCH (p:Prediction) WHERE p.id STARTS WITH $id
MATCH (p)-[:ABOUT]->(patient:Resource)
MATCH (p)-[:MADE_BY]->(agent:Agent)
OPTIONAL MATCH (p)-[:AT]->(k:Coordinate)
OPTIONAL MATCH (p)-[:IN_ENCOUNTER]->(n:Encounter)
RETURN p {.*} AS props, patient.key AS patient, agent.key AS agent, k.text AS coordinate, n.key AS encounter,
       COLLECT {
         MATCH (p)-[b:BECAUSE]->(f)
         RETURN {
           key: coalesce(f.of, f.key), type: f.type, display: coalesce(f.display, f.text, f.code, f.type), start: toString(f.start),
           feature: b.feature, value: b.value, contribution: b.contribution
         } AS fact
         ORDER BY abs(b.contribution) DESC, fact.key, b.feature
       } AS because
ORDER BY p.id
LIMIT 2
