// summary: Move references that were resolved back to their placeholder, a number of relationships at a time. Facts and encounters that took their times from an encounter there wait for them again, and encounters beside it are put in order again.
// access: write
// params:
//   from: {type: STRING, doc: Key of the reference., example: "Practitioner?identifier=a|b"}
//   old: {type: STRING, doc: Key of the resource that it meant., example: Practitioner/1}
//   run: {type: STRING, doc: A run., example: none}
//   rows: {type: INTEGER, doc: Relationships of one transaction., example: 5000}
// returns: {moved: how many, own: how many of them the run had written}
MATCH (n:Resource {key: $old})-[r]-(o)
WHERE r.via = $from
WITH DISTINCT n, r LIMIT $rows
MERGE (p:Resource {key: $from})
ON CREATE SET p:Dangling
WITH n, r, p, startNode(r) AS a, endNode(r) AS b, r {.*, via: null} AS props
CALL (n, r, a, b, p, props) {
  WITH * WHERE b = n // of a resource that refers to itself the end is what it refers to
  CREATE (a)-[x:$(type(r))]->(p)
  SET x = props
  UNION
  WITH * WHERE b <> n
  CREATE (p)-[x:$(type(r))]->(b)
  SET x = props
}
CALL (r, b) {
  WITH * WHERE type(r) = 'HAS_ENCOUNTER'
  SET b:Unordered
  WITH b
  MATCH (b)-[:NEXT]-(beside)
  SET beside:Unordered
}
CALL (r, b) {
  WITH * WHERE type(r) = 'INCLUDES' AND b.clock = 'encounter.closed'
  SET b.recorded = CASE WHEN b.since > b.first_recorded THEN b.since END, b.clocked = null,
      b.start = CASE b.start_clock WHEN 'encounter.start' THEN null ELSE b.start END,
      b.start_clock = null
  SET b:Undated
  WITH b
  MATCH (c:Resource) USING INDEX SEEK c:Resource(key)
  WHERE c.key STARTS WITH b.key + '#' AND c:Contained AND c.clock = 'container'
  SET c.recorded = null, c.clock = null,
      c.start = CASE c.start_clock WHEN 'container' THEN null ELSE c.start END,
      c.start_clock = null
  SET c:Undated
}
CALL (r, a) {
  WITH * WHERE type(r) = 'PART_OF' AND a.clock = 'partOf'
  MATCH (a)<-[:PART_OF*0..]-(v)
  WITH DISTINCT a, v WHERE v = a OR v.clock = 'partOf'
  SET v:Undated, v.start = null, v.start_clock = null, v.clocked = null,
      v.recorded = CASE WHEN v.since > v.first_recorded THEN v.since END,
      v.closed = CASE WHEN v.end IS NOT NULL THEN v.closed END
  WITH v
  CALL (v) {
    MATCH (c:Resource) USING INDEX SEEK c:Resource(key)
    WHERE c.key STARTS WITH v.key + '#' AND c:Contained AND c.clock = 'container'
    SET c:Undated, c.recorded = null
  }
  WITH v
  MATCH (v)-[:INCLUDES]->(f:Event)
  WHERE f.clock = 'encounter.closed'
  SET f:Undated
}
WITH r, CASE props.run WHEN $run THEN 1 ELSE 0 END AS own
DELETE r
RETURN count(*) AS moved, sum(own) AS own
