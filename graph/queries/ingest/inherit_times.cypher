// summary: Give facts without a time of their own the start of their encounter; they are known when it is closed. Of a fact that was corrected, every version says when the first became known.
// access: write
// params:
//   rows: {type: INTEGER, doc: Facts of one transaction., example: 5000}
// returns: {dated: how many}
MATCH (f:Undated)
WHERE NOT f:Contained AND EXISTS { (f)<-[:INCLUDES]-(e:Encounter WHERE NOT e:Dangling) }
WITH f LIMIT $rows
CALL (f) {
  MATCH (f)<-[:INCLUDES]-(e:Encounter)
  WHERE NOT e:Dangling
  // A correction of the encounter makes its facts known no earlier and no later.
  RETURN e, coalesce(e.first_closed, e.closed) AS closed ORDER BY closed, e.key LIMIT 1
}
WITH f, e, closed, f.start IS NULL OR f.start_clock IS NOT NULL AS inherits, f.recorded IS NOT NULL AS again
SET f.start = CASE WHEN inherits THEN e.start ELSE f.start END,
    f.start_clock = CASE WHEN inherits THEN 'encounter.start' END,
    f.recorded = CASE WHEN f.since > closed THEN f.since ELSE closed END, f.clock = 'encounter.closed',
    f.clocked = CASE WHEN f.since > closed THEN f.since WHEN f.since IS NOT NULL THEN closed END
REMOVE f:Undated
WITH f, again
CALL (f, again) {
  WITH * WHERE again
  MATCH (c:Resource) USING INDEX SEEK c:Resource(key)
  WHERE c.key STARTS WITH f.key + '#' AND c:Contained AND c.clock = 'container'
  SET c:Undated
}
CALL (f) {
  WITH * WHERE f:Superseded OR f.versions IS NOT NULL
  CALL (f) {
    MATCH (n:Resource {key: coalesce(f.of, f.key)})
    RETURN n
    UNION
    MATCH (n:Resource) USING INDEX SEEK n:Resource(key)
    WHERE n.key STARTS WITH coalesce(f.of, f.key) + '/_history/' AND n:Superseded AND NOT n:Contained
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
