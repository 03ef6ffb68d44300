// summary: Which agents, at which coordinates, with which evidence and which open cases, advised in this patient's care, and why?
// access: read
// audience: clinician
// params:
//   patient: {type: STRING, doc: "Key of the patient, Patient/ID.", example: "Patient/ann"}
// returns:
//   prediction: Id of the prediction.
//   made: When it was made, ISO text.
//   index_time: The instant it was made for, ISO text.
//   task: The task.
//   agent: Key of the agent that advised.
//   coordinate: Text of the coordinate it stood at, or null.
//   encounter: Key of the encounter, or null.
//   probability: The risk it gave; null, as are low, high and contributions, where the gate withheld it.
//   low: Lower bound of the risk, or null.
//   high: Upper bound of the risk, or null.
//   authority: The authority that the gate granted, or null.
//   released: Whether the gate released it.
//   verdict: The verdict's status at the time.
//   verdict_hash: Hash of the verdicts that the gate saw.
//   reasons: The gate's reasons.
//   evidence: The agent's evidence in that cell, each with id, measure, statistic, value, low, high, level, n, events, population, dataset, date and assumption.
//   cases: Open cases that concern the agent at that coordinate or this prediction, each with id, title, status and severity.
//   because: The facts it rests on, each with fact (key), display, feature, value and contribution, strongest first; in order of key where it was withheld.
MATCH (p:Prediction)-[:ABOUT]->(:Patient {key: $patient})
MATCH (p)-[:MADE_BY]->(a:Agent)
OPTIONAL MATCH (p)-[:AT]->(k:Coordinate)
OPTIONAL MATCH (p)-[:IN_ENCOUNTER]->(n:Encounter)
RETURN p.id AS prediction, toString(p.made) AS made, toString(p.index_time) AS index_time, p.task AS task,
       a.key AS agent, k.text AS coordinate, n.key AS encounter,
       CASE WHEN p.released THEN p.probability END AS probability,
       CASE WHEN p.released THEN p.low END AS low, CASE WHEN p.released THEN p.high END AS high,
       p.authority AS authority, p.released AS released, p.verdict AS verdict,
       p.verdict_hash AS verdict_hash, p.reasons AS reasons,
       COLLECT {
         MATCH (a)-[:HAS_EVIDENCE]->(e:Evidence)-[r:IN_CELL]->(k)
         RETURN e {
           .id, .measure, .statistic, .value, .low, .high, .level, .population, .dataset, .assumption,
           n: r.n, events: r.events, date: toString(e.date)
         } AS record
         ORDER BY record.measure, record.statistic, record.date, record.id
       } AS evidence,
       COLLECT {
         MATCH (c:Case)-[:CONCERNS]->(a)
         WHERE c.status IN ['filed', 'under-review', 'accepted']
           AND ((c)-[:AT]->(k) OR (c)-[:ABOUT]->(p) OR (c)-[:ABOUT]->(:Prediction)-[:AT]->(k)
                OR NOT ((c)-[:AT]->(:Coordinate) OR (c)-[:ABOUT]->(:Prediction)))
         RETURN c {.id, .title, .status, .severity} AS seen
         ORDER BY seen.id
       } AS cases,
       COLLECT {
         MATCH (p)-[b:BECAUSE]->(f)
         RETURN {
           fact: coalesce(f.of, f.key), display: coalesce(f.display, f.text, f.code, f.type),
           feature: b.feature, value: b.value, contribution: CASE WHEN p.released THEN b.contribution END
         } AS fact
         ORDER BY abs(fact.contribution) DESC, fact.fact, b.feature
       } AS because
ORDER BY p.made DESC, prediction
