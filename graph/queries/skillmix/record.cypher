// summary: Append a record of evidence; the same record again changes nothing, and no row when there is no such agent.
// access: write
// params:
//   agent: {type: STRING, doc: "Key of the agent.", example: "twin-admission-365d@0.1.0+0a1b2c3d"}
//   id: {type: STRING, doc: "Hash of the record's content.", example: 8c2e}
//   props: {type: MAP, doc: "The record; see the node Evidence in docs/design.md.", example: {measure: accuracy, statistic: auroc, value: 0.74, low: 0.66, high: 0.81, level: 0.95, n: 236, events: 48, population: synthetic, dataset: demo, cells: "{}"}}
//   cells: {type: "LIST<MAP>", doc: "index, text, n and events of every cell that has a count.", example: []}
// returns:
//   id: The record's id.
MATCH (a:Agent {key: $agent})
MERGE (e:Evidence {id: $id})
ON CREATE SET e += $props
MERGE (a)-[:HAS_EVIDENCE]->(e)
FOREACH (cell IN $cells |
  MERGE (k:Coordinate {index: cell.index})
  ON CREATE SET k.text = cell.text
  MERGE (e)-[r:IN_CELL]->(k)
  ON CREATE SET r.n = cell.n, r.events = cell.events
)
RETURN e.id AS id
