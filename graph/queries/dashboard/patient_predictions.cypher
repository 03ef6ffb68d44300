// summary: The latest prediction of each agent about a patient, made for a moment no later than the one asked for.
// access: read
// params:
//   patient: {type: STRING, doc: "Key of the patient.", example: "Patient/1"}
//   at: {type: ZONED DATETIME, doc: "Index times later than this are left out; null for none.", example: null, optional: true}
// returns:
//   prediction: The prediction's properties.
//   agent: Key, name, version and kind of the agent.
//   coordinate: Text of the coordinate, or null.
//   because: Facts with key, display, start, feature, value and contribution, strongest first.
//   earlier: Number of earlier predictions of the same agent.
//   cases: Open cases about the agent at this coordinate or about this prediction; id, title, status and severity.
MATCH (p:Prediction)-[:ABOUT]->(:Patient {key: $patient})
WHERE $at IS NULL OR p.index_time <= $at
MATCH (p)-[:MADE_BY]->(a:Agent)
WITH p, a ORDER BY p.index_time DESC, p.made DESC
WITH a, p.task AS task, collect(p) AS made
WITH a, made[0] AS p, size(made) - 1 AS earlier
OPTIONAL MATCH (p)-[:AT]->(k:Coordinate)
RETURN p {.*} AS prediction, a {.key, .name, .version, .kind} AS agent, k.text AS coordinate, earlier,
  COLLECT {
    MATCH (p)-[b:BECAUSE]->(f)
    RETURN {key: f.key, type: f.type, display: coalesce(f.display, f.text, f.code, f.type), start: f.start,
            feature: b.feature, value: b.value, contribution: b.contribution} AS fact
    ORDER BY abs(b.contribution) DESC, f.start DESC
  } AS because,
  COLLECT {
    MATCH (c:Case)-[:CONCERNS]->(a)
    WHERE c.status IN ['filed', 'under-review', 'accepted'] AND ((c)-[:AT]->(k) OR (c)-[:ABOUT]->(p))
    RETURN c {.id, .title, .status, .severity} AS open ORDER BY open.id
  } AS cases
ORDER BY prediction.task, NOT prediction.released, agent.key
