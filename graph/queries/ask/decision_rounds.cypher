// summary: "How did the decisions of an encounter unfold, round by round, as known at an instant?"
// access: read
// audience: clinician
// params:
//   encounter: {type: STRING, doc: Key of the encounter., example: Encounter/ann-1}
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
// returns:
//   actor: "clinician, patient or agent."
//   agent: "Key of the AI agent, or null."
//   n: "The round's number, from 1."
//   station: "input, cue, hypothesis, reflection, plan or collect."
//   rule: "The rule that placed it."
//   key: "Key of the fact, or id of the prediction."
//   type: "FHIR type, or Prediction."
//   display: "What it is."
//   recorded: "When it became known."
MATCH (:Encounter {key: $encounter})<-[:IN_ENCOUNTER]-(r:Round)-[at:PLACES]->(f)
WHERE $at IS NULL OR at.recorded <= $at
CALL (f) {
  WITH * WHERE f.since > $at
  MATCH (v:Resource) USING INDEX SEEK v:Resource(key)
  WHERE v.key STARTS WITH f.key + '/_history/' AND v:Superseded AND NOT v:Contained AND coalesce(v.since <= $at, true) AND v.deleted > $at
  RETURN head(collect(v)) AS then
}
WITH r, at, f, coalesce(then, f) AS known
RETURN r.actor AS actor, r.agent AS agent, r.n AS n, at.station AS station, at.rule AS rule, coalesce(f.key, f.id) AS key,
       coalesce(f.type, 'Prediction') AS type, coalesce(known.display, known.task) AS display, at.recorded AS recorded
ORDER BY actor, agent, n,
  CASE station WHEN 'input' THEN 0 WHEN 'cue' THEN 1 WHEN 'hypothesis' THEN 2 WHEN 'reflection' THEN 3 WHEN 'plan' THEN 4 ELSE 5 END, recorded, key
