// summary: The head of an agent's page.
// access: read
// params:
//   key: {type: STRING, doc: "Key of the agent.", example: "twin-admission-365d@1+0a1b2c3d"}
// returns:
//   key: The agent's key.
//   name: Its name.
//   version: Its version.
//   provider: Who makes or runs it.
//   kind: predictor, language-model, rule, service or human.
//   config: All that changes its behaviour, as JSON.
MATCH (a:Agent {key: $key})
RETURN a.key AS key, a.name AS name, a.version AS version, a.provider AS provider, a.kind AS kind, a.config AS config
