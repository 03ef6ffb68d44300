// summary: "How late do facts become known, by type?"
// access: read
// audience: researcher
// returns:
//   type: "FHIR type."
//   facts: "How many."
//   at_once: "Known by the moment they held."
//   within_a_day: "Known within 24 hours after it."
//   later: "Known later."
//   never: "Known at no instant, or of no time."
MATCH (n:Event) WHERE n.type IS NOT NULL AND NOT n:Deleted
WITH n.type AS type, n.start AS start, coalesce(n.first_recorded, n.recorded) AS recorded
RETURN type, count(*) AS facts,
       count(CASE WHEN recorded <= start THEN 1 END) AS at_once,
       count(CASE WHEN recorded > start AND recorded <= start + duration({hours: 24}) THEN 1 END) AS within_a_day,
       count(CASE WHEN recorded > start + duration({hours: 24}) THEN 1 END) AS later,
       count(CASE WHEN start IS NULL OR recorded IS NULL THEN 1 END) AS never
ORDER BY type
