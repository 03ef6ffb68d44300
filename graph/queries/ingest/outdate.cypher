// summary: Mark the facts that take their times from these encounters, so that they take them again.
// access: write
// params:
//   keys: {type: LIST<STRING>, doc: Keys of encounters., example: []}
UNWIND $keys AS key
MATCH (e:Resource {key: key}) USING INDEX SEEK e:Resource(key)
MATCH (e)-[:INCLUDES]->(f:Event)
WHERE f.clock = 'encounter.closed'
SET f:Undated
WITH DISTINCT f
MATCH (c:Resource) USING INDEX SEEK c:Resource(key)
WHERE c.key STARTS WITH f.key + '#' AND c:Contained AND c.clock = 'container'
SET c:Undated
