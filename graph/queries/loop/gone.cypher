// summary: Remove rounds whose encounter is gone or is another patient's business now, and marks of patients who are gone.
// access: write
// params: {}
// returns: {removed: how many}
CALL () {
  MATCH (r:Round) WHERE NOT (r)-[:IN_ENCOUNTER]->(:Encounter&!Deleted)<-[:HAS_ENCOUNTER]-(:Patient&!Deleted)
  DETACH DELETE r
  RETURN count(*) AS rounds
}
CALL () {
  MATCH (m:LoopMark) WHERE NOT EXISTS { MATCH (p:Resource {key: m.key}) WHERE p.type IS NOT NULL AND NOT p:Deleted }
  DELETE m
  RETURN count(*) AS marks
}
RETURN rounds + marks AS removed
