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
  e.recorded = CASE WHEN e.since > recorded THEN e.since ELSE recorded END,
  e.clocked = CASE WHEN e.since > recorded THEN e.since WHEN e.since IS NOT NULL THEN recorded END,
  // One that says when it ended was closed then.
  e.closed = CASE WHEN e.end IS NULL THEN closed ELSE e.closed END
REMOVE e:Undated
WITH e
CALL (e) {
  MATCH (c:Resource) USING INDEX SEEK c:Resource(key)
  WHERE c.key STARTS WITH e.key + '#' AND c:Contained AND c.clock = 'container'
  SET c:Undated
}
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
  // The first that was known before another took its place; by its own clock, since another may be the first from now on.
  WITH versions, head([t IN [v IN versions WHERE v:Superseded | [CASE WHEN v.since IS NULL THEN v.recorded ELSE v.clocked END, v.deleted]]
    WHERE t[0] < t[1] | t[0]]) AS first
  // One loop for each: of two properties in one loop Neo4j 5.26 wrote null for both.
  FOREACH (n IN [v IN versions WHERE v.since IS NOT NULL] | SET n.first_recorded = CASE WHEN n.since > first THEN first END)
  FOREACH (n IN [v IN versions WHERE v.since IS NOT NULL] |
    SET n.recorded = CASE WHEN n.since > first THEN n.since ELSE coalesce(n.clocked, CASE WHEN NOT n:Undated THEN n.recorded END) END)
  WITH versions
  UNWIND versions AS n
  // What is contained in them takes its time from them.
  MATCH (c:Resource) USING INDEX SEEK c:Resource(key)
  WHERE c.key STARTS WITH n.key + '#' AND c:Contained AND c.clock = 'container'
  SET c:Undated
}
RETURN count(*) AS dated
