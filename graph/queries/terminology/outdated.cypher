// summary: Take away the hierarchy and the mappings of earlier editions, and codes that only they had listed.
// access: write
// params:
//   sources: {type: LIST<STRING>, doc: Hierarchies that were loaded again., example: [icd-10-cm]}
//   edition: {type: STRING, doc: The edition that stays., example: "2026-04-01"}
//   mappings: {type: BOOLEAN, doc: Whether the mappings were loaded again too., example: true}
// returns: {removed: how many relationships}
MATCH (a:Concept)-[r:IS_A|MAPS_TO]->(:Concept)
WHERE r.edition <> $edition AND ((r:MAPS_TO AND $mappings) OR (r:IS_A AND r.source IN $sources))
DELETE r
WITH a, count(*) AS gone
CALL (a) {
  WITH a WHERE a.listed AND NOT EXISTS { (a)-[:IS_A|MAPS_TO]-() }
  DELETE a
}
RETURN coalesce(sum(gone), 0) AS removed
