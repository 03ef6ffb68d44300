// summary: What the rules of the decision loop look at, one row a patient.
// access: read
// params:
//   patients: {type: LIST<STRING>, doc: Keys of patients., example: [Patient/1]}
//   fields: {type: LIST<STRING>, doc: Properties that rules test., example: [status]}
//   coded: {type: LIST<STRING>, doc: Types of which rules test coded elements., example: [Observation]}
//   paths: {type: LIST<STRING>, doc: Those elements., example: [interpretation]}
// returns:
//   encounters: "lists: key, recorded and closed (ms)"
//   facts: "lists: key, type, recorded, closed (ms), category, codes, values of the fields, keys of encounters, [path, concept] of coded elements"
//   predictions: "maps: id, agent, made (ms), encounter, probability, verdict, released, because (key and contribution)"
//   rounds: "lists: key, digest and number of placings of the rounds that are there"
UNWIND $patients AS key
MATCH (p:Resource {key: key})
CALL (p) {
  MATCH (p)-[:HAS_ENCOUNTER]->(e:Encounter) WHERE NOT e:Deleted
  RETURN collect([e.key, coalesce(e.first_recorded, e.recorded).epochMillis, coalesce(e.first_closed, e.closed).epochMillis]) AS encounters
}
CALL (p) {
  MATCH (p)-[:HAS_EVENT]->(n:Event) WHERE n.type IS NOT NULL AND NOT n:Contained AND NOT n:Deleted
  // A correction is no new fact: it stands where the first version of it became known.
  RETURN collect([n.key, n.type, coalesce(n.first_recorded, n.recorded).epochMillis, n.closed.epochMillis, n.category, n.codes,
    [field IN $fields | toStringOrNull(n[field])],
    [(n)<-[:INCLUDES]-(e) | coalesce(e.of, e.key)],
    CASE WHEN n.type IN $coded THEN [(n)-[r:CODED]->(c) WHERE r.path IN $paths | [r.path, c.key]] END]) AS facts
}
CALL (p) {
  MATCH (p)<-[:ABOUT]-(x:Prediction)-[:MADE_BY]->(a:Agent)
  RETURN collect({id: x.id, agent: a.key, made: x.made.epochMillis, encounter: head([(x)-[:IN_ENCOUNTER]->(e) | e.key]),
    probability: x.probability, verdict: x.verdict, released: x.released, because: [(x)-[b:BECAUSE]->(f:Resource) | [coalesce(f.of, f.key), b.contribution]]}) AS predictions
}
CALL (p) {
  MATCH (p)-[:HAS_ENCOUNTER]->(:Encounter)<-[:IN_ENCOUNTER]-(r:Round)
  RETURN collect([r.key, r.digest, COUNT { (r)-[:PLACES]->() }]) AS rounds
}
RETURN encounters, facts, predictions, rounds
