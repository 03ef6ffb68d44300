// summary: Cases, newest first, with the agent and the coordinate they concern.
// access: read
// params:
//   status: {type: STRING, doc: "filed, under-review, accepted, rejected or closed; null for all.", example: filed, optional: true}
//   agent: {type: STRING, doc: Key of an agent; null for all., example: null, optional: true}
//   text: {type: STRING, doc: Words in title or condition; null for all., example: null, optional: true}
//   skip: {type: INTEGER, doc: Cases to pass over., example: 0}
//   limit: {type: INTEGER, doc: Cases at most., example: 20}
// returns:
//   id: the case's id
//   title: its title
//   condition: its provisional condition
//   status: where it stands
//   severity: grade of the filer, or of the reviewer once confirmed
//   claimed_level: assertion level claimed
//   verified_level: assertion level that the evidence carries
//   version: current version
//   filed: first filing
//   changed: last change
//   by: first filer
//   agent: key of the agent
//   coordinate: text of the coordinate
//   predictions: number of predictions linked
MATCH (c:Case)
WHERE ($status IS NULL OR c.status = $status)
  AND ($agent IS NULL OR EXISTS { MATCH (c)-[:CONCERNS]->(:Agent {key: $agent}) })
  AND ($text IS NULL OR toLower(c.title) CONTAINS toLower($text) OR toLower(c.condition) CONTAINS toLower($text))
OPTIONAL MATCH (c)-[:CONCERNS]->(a:Agent)
OPTIONAL MATCH (c)-[:AT]->(k:Coordinate)
RETURN c.id AS id, c.title AS title, c.condition AS condition, c.status AS status, c.severity AS severity,
  c.claimed_level AS claimed_level, c.verified_level AS verified_level, c.current AS version, toString(c.filed) AS filed, toString(c.changed) AS changed,
  c.by AS by, a.key AS agent, k.text AS coordinate, COUNT { (c)-[:ABOUT]->() } AS predictions
ORDER BY c.filed DESC, id DESC SKIP $skip LIMIT $limit
