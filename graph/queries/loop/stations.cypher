// summary: How many facts and predictions stand at each station of the decision loop, for whom and by which rule.
// access: read
// params: {}
// returns: {actor: "clinician, patient or agent", station: the station, rule: the rule, placed: how many}
MATCH (r:Round)-[at:PLACES]->()
RETURN r.actor AS actor, at.station AS station, at.rule AS rule, count(*) AS placed
ORDER BY actor, station, rule
