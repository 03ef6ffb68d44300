// summary: Where the record of a task ends, the latest instant over all encounters (those entered in error left out) of the patients who have a qualifying one, those of a merged person together.
// access: read
// params:
//   classes: {type: LIST<STRING>, doc: classes of a qualifying encounter, example: [AMB]}
//   codes: {type: LIST<STRING>, doc: "codes (system|code) of a qualifying encounter; empty for any", example: []}
//   from: {type: ZONED DATETIME, doc: earliest start of a qualifying encounter; null for any, example: null, optional: true}
// returns:
//   latest: epoch milliseconds (UTC), or null when nobody qualifies
MATCH (p:Patient)-[:HAS_ENCOUNTER]->(e:Encounter)
WHERE coalesce(e.status, '') <> 'entered-in-error' AND e.class IN $classes AND (size($codes) = 0 OR any(c IN e.codes WHERE c IN $codes))
  AND ($from IS NULL OR e.start >= $from)
WITH DISTINCT p
MATCH (p)-[:REPLACED_BY*0..10]->(s)
WITH DISTINCT s
MATCH (s)<-[:REPLACED_BY*0..10]-(q)
WITH DISTINCT q
MATCH (q)-[:HAS_ENCOUNTER]->(x:Encounter)
WHERE NOT x:Superseded AND coalesce(x.status, '') <> 'entered-in-error'
WITH max(coalesce(x.first_recorded, x.recorded)) AS opened, max(x.closed) AS closed
RETURN CASE WHEN closed IS NULL OR opened > closed THEN opened.epochMillis ELSE closed.epochMillis END AS latest
