// summary: Write rounds with what they place.
// access: write
// params:
//   rounds: {type: LIST<MAP>, doc: "key, encounter, recorded (ms), props (actor, n, agent, digest), facts and predictions (lists: key, station, rule, known in ms)", example: []}
// returns: {placed: how many facts}
UNWIND $rounds AS row
MATCH (e:Resource {key: row.encounter})
CREATE (r:Round {key: row.key})
SET r += row.props, r.recorded = datetime({epochMillis: row.recorded})
CREATE (r)-[:IN_ENCOUNTER]->(e)
WITH r, row
CALL (r, row) {
  UNWIND row.facts AS at
  MATCH (f:Resource {key: at[0]})
  CREATE (r)-[:PLACES {station: at[1], rule: at[2], recorded: datetime({epochMillis: at[3]})}]->(f)
  RETURN count(*) AS facts
}
CALL (r, row) {
  UNWIND row.predictions AS at
  MATCH (x:Prediction {id: at[0]})
  CREATE (r)-[:PLACES {station: at[1], rule: at[2], recorded: datetime({epochMillis: at[3]})}]->(x)
  RETURN count(*) AS said
}
RETURN sum(facts) + sum(said) AS placed
