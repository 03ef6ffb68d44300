// summary: An agent by its key, for the head of a report.
// access: read
// params:
//   key: {type: STRING, doc: Key of the agent., example: "twin@1"}
// returns:
//   agent: key, name, version, provider, kind
//   cases: ids of earlier cases of agents with the same name
MATCH (a:Agent {key: $key})
RETURN a {.key, .name, .version, .provider, .kind} AS agent,
  COLLECT { MATCH (c:Case)-[:CONCERNS]->(b:Agent {name: a.name}) RETURN c.id ORDER BY c.id } AS cases
