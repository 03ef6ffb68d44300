// summary: Writes a prediction with what it is about, who made it, where it stands and the facts it rests on; writing it again changes nothing.
// access: write
// params:
//   id: {type: STRING, doc: "Hash of agent, patient, index, inputs and the verdicts seen.", example: "5f1d"}
//   props: {type: MAP, doc: "Properties of the prediction (docs/design.md).", example: {task: "admission-365d"}}
//   patient: {type: STRING, doc: "Key of the patient.", example: "Patient/1"}
//   encounter: {type: STRING, doc: "Key of the index encounter, or null.", optional: true, example: null}
//   agent: {type: STRING, doc: "Key of the agent.", example: "twin-admission-365d@1+e8a8ed01"}
//   coordinate: {type: MAP, doc: "Index and text of the coordinate, or null where a dimension is unknown.", optional: true, example: null}
//   facts: {type: LIST<MAP>, doc: "Facts, each with key, feature, value and contribution.", example: []}
// returns:
//   id: Id of the prediction.
//   created: Whether it was not there before.
//   facts: How many facts it rests on.
MATCH (patient:Resource {key: $patient})
MATCH (agent:Agent {key: $agent})
MERGE (p:Prediction {id: $id})
ON CREATE SET p += $props, p.fresh = true
WITH p, patient, agent, coalesce(p.fresh, false) AS created
REMOVE p.fresh
MERGE (p)-[:ABOUT]->(patient)
MERGE (p)-[:MADE_BY]->(agent)
WITH p, created
CALL (p) {
  UNWIND CASE WHEN $coordinate IS NULL THEN [] ELSE [$coordinate] END AS at
  MERGE (k:Coordinate {index: at.index}) ON CREATE SET k.text = at.text
  MERGE (p)-[:AT]->(k)
  RETURN count(*) AS placed
}
CALL (p) {
  MATCH (n:Encounter {key: $encounter})
  MERGE (p)-[:IN_ENCOUNTER]->(n)
  RETURN count(*) AS visits
}
CALL (p) {
  UNWIND $facts AS fact
  MATCH (now:Resource {key: fact.key})
  // Of a fact that was corrected since, the version that was known then.
  CALL (now, p) {
    WITH * WHERE now.since > p.index_time OR now:Dangling
    MATCH (v:Resource) USING INDEX SEEK v:Resource(key)
    WHERE v.key STARTS WITH split(now.key, '#')[0] + '/_history/' AND v.of = now.key AND coalesce(v.since <= p.index_time, true) AND v.deleted > p.index_time
    RETURN collect(v) AS then
  }
  WITH p, fact, coalesce(head(then), now) AS f
  MERGE (p)-[b:BECAUSE {feature: fact.feature}]->(f)
  ON CREATE SET b.value = fact.value, b.contribution = fact.contribution
  RETURN count(*) AS reasons
}
RETURN p.id AS id, created, reasons AS facts
