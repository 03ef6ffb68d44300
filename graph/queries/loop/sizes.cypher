// summary: How many rounds the encounters have, by actor.
// access: read
// params: {}
// returns: {actor: "clinician, patient or agent", rounds: rounds in one encounter, encounters: how many have as many}
MATCH (r:Round)-[:IN_ENCOUNTER]->(e)
WITH r.actor AS actor, r.agent AS agent, e, count(r) AS rounds
RETURN actor, rounds, count(*) AS encounters
ORDER BY actor, rounds
