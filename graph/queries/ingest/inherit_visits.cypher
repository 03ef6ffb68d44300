// summary: Give encounters without a time of their own the times of the encounter that they are a part of; their facts take their times again.
// access: write
// params:
//   rows: {type: INTEGER, doc: Encounters of one transaction., example: 5000}
// returns: {dated: how many}
MATCH (e:Undated)
WHERE e:Encounter AND NOT e:Contained
  AND EXISTS { (e)-[:PART_OF]->(whole:Encounter WHERE NOT whole:Dangling AND NOT whole:Undated AND whole <> e) }
WITH e LIMIT $rows
CALL (e) {
  MATCH (e)-[:PART_OF]->(whole:Encounter)
  WHERE NOT whole:Dangling AND NOT whole:Undated AND whole <> e
  RETURN whole ORDER BY whole.key LIMIT 1
}
SET e.start = whole.start, e.start_clock = 'partOf', e.recorded = whole.recorded, e:Unordered,
  // One that says when it ended was closed then.
  e.closed = CASE WHEN e.end IS NULL THEN whole.closed ELSE e.closed END
REMOVE e:Undated
WITH e
CALL (e) {
  MATCH (e)-[:INCLUDES]->(f:Event)
  WHERE f.clock = 'encounter.closed'
  SET f:Undated
  WITH DISTINCT f
  MATCH (c:Resource) USING INDEX SEEK c:Resource(key)
  WHERE c.key STARTS WITH f.key + '#' AND c:Contained AND c.clock = 'container'
  SET c:Undated
}
RETURN count(*) AS dated
