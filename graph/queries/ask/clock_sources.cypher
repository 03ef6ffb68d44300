// summary: "How was it found when facts became known, by type?"
// access: read
// audience: researcher
// returns:
//   type: "FHIR type."
//   clock: "The element, the delay or the rule that said it, or null."
//   facts: "How many."
MATCH (n:Event) WHERE n.type IS NOT NULL AND NOT n:Deleted
RETURN n.type AS type, n.clock AS clock, count(*) AS facts
ORDER BY type, clock
