// summary: Write a claim of an agent, once; no row when there is no such agent.
// access: write
// params:
//   agent: {type: STRING, doc: "Key of the agent.", example: "twin-admission-365d@0.1.0+0a1b2c3d"}
//   id: {type: STRING, doc: "Hash of the claim's content.", example: 5a1f}
//   props: {type: MAP, doc: "cells (JSON), population, intended.", example: {cells: "{}", population: synthetic, intended: "Flag patients for a call."}}
//   at: {type: MAP, doc: "Index and text of the coordinate when the claim is a single cell.", optional: true, example: {index: 0, text: "a00/at-risk/community/ambulance-workers/perform-procedures/monitoring/provider/input"}}
// returns:
//   id: The claim's id.
MATCH (a:Agent {key: $agent})
MERGE (c:Claim {id: $id})
ON CREATE SET c += $props
MERGE (a)-[:CLAIMS]->(c)
FOREACH (cell IN CASE WHEN $at IS NULL THEN [] ELSE [$at] END |
  MERGE (k:Coordinate {index: cell.index})
  ON CREATE SET k.text = cell.text
  MERGE (c)-[:AT]->(k)
)
RETURN c.id AS id
