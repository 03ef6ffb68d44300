// summary: Write an agent, once; an agent that is there stays as it is.
// access: write
// params:
//   key: {type: STRING, doc: "name@version+hash.", example: "twin-admission-365d@0.1.0+0a1b2c3d"}
//   props: {type: MAP, doc: "name, version, provider, kind, config (JSON).", example: {name: twin-admission-365d, version: 0.1.0, provider: cwm, kind: predictor, config: "{}"}}
// returns:
//   key: The agent's key.
MERGE (a:Agent {key: $key})
ON CREATE SET a:Provider, a += $props
RETURN a.key AS key
