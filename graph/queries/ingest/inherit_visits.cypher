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
  RETURN whole, coalesce(whole.first_recorded, whole.recorded) AS recorded, coalesce(whole.first_closed, whole.closed) AS closed
  ORDER BY whole.key LIMIT 1
}
SET e.start = whole.start, e.start_clock = 'partOf', e:Unordered,
  e.recorded = CASE WHEN e.since > recorded OR e.since >= e.first_recorded THEN e.since ELSE recorded END,
  // One that says when it ended was closed then.
  e.closed = CASE WHEN e.end IS NULL THEN closed ELSE e.closed END
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
CALL (e) {
  WITH * WHERE e:Superseded OR e.versions IS NOT NULL
  CALL (e) {
    MATCH (n:Resource {key: coalesce(e.of, e.key)})
    RETURN n
    UNION
    MATCH (n:Resource) USING INDEX SEEK n:Resource(key)
    WHERE n.key STARTS WITH coalesce(e.of, e.key) + '/_history/' AND n:Superseded AND NOT n:Contained
    RETURN n
  }
  WITH n ORDER BY n.since IS NOT NULL, n.since
  WITH collect(n) AS versions
  WITH versions, head(versions).recorded AS first
  FOREACH (n IN tail(versions) | SET n.first_recorded = first, n.recorded = CASE WHEN n.since >= first THEN n.since ELSE n.recorded END)
}
RETURN count(*) AS dated
