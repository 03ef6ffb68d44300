// summary: Mark the facts that take their times from these encounters, so that they take them again; so do encounters that are a part of these, and their facts.
// access: write
// params:
//   keys: {type: LIST<STRING>, doc: Keys of encounters., example: []}
UNWIND $keys AS key
MATCH (e:Resource {key: key}) USING INDEX SEEK e:Resource(key)
MATCH (e)<-[:PART_OF*0..]-(v)
WITH DISTINCT e, v
WHERE v = e OR v.clock = 'partOf'
FOREACH (part IN CASE v WHEN e THEN [] ELSE [v] END |
  SET part:Undated, part.start = null, part.start_clock = null, part.clocked = null,
    part.recorded = CASE WHEN part.since > part.first_recorded THEN part.since END,
    part.closed = CASE WHEN part.end IS NOT NULL THEN part.closed END)
WITH DISTINCT e, v
CALL (e, v) {
  WITH * WHERE v <> e
  MATCH (c:Resource) USING INDEX SEEK c:Resource(key)
  WHERE c.key STARTS WITH v.key + '#' AND c:Contained AND c.clock = 'container'
  SET c:Undated, c.recorded = null
}
WITH DISTINCT v
MATCH (v)-[:INCLUDES]->(f:Event)
WHERE f.clock = 'encounter.closed'
SET f:Undated
WITH DISTINCT f
MATCH (c:Resource) USING INDEX SEEK c:Resource(key)
WHERE c.key STARTS WITH f.key + '#' AND c:Contained AND c.clock = 'container'
SET c:Undated
