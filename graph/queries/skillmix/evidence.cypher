// summary: All evidence of an agent, oldest first, with what each record counts in which cell.
// access: read
// params:
//   agent: {type: STRING, doc: "Key of the agent.", example: "twin-admission-365d@0.1.0+0a1b2c3d"}
// returns:
//   agent: Key of the agent.
//   id: The record's id.
//   measure: One of the five measures.
//   statistic: The figure.
//   value: Its value.
//   low: Lower bound of the interval.
//   high: Upper bound of the interval.
//   level: Level of the interval.
//   n: Samples.
//   events: Samples with the outcome, or null.
//   population: Which patients.
//   dataset: Which data.
//   date: The day it was gathered, ISO text.
//   by: Who gathered it.
//   artefact: Hash of the report or model file it comes from.
//   assumption: Author and reason of borrowed evidence (JSON), or null.
//   cells: Where it was gathered (JSON).
//   counts: text, n and events of every cell that has a count.
MATCH (a:Agent {key: $agent})-[:HAS_EVIDENCE]->(e:Evidence)
RETURN a.key AS agent, e.id AS id, e.measure AS measure, e.statistic AS statistic, e.value AS value,
       e.low AS low, e.high AS high, e.level AS level, e.n AS n, e.events AS events,
       e.population AS population, e.dataset AS dataset, toString(e.date) AS date, e.by AS by,
       e.artefact AS artefact, e.assumption AS assumption, e.cells AS cells,
       COLLECT {
         MATCH (e)-[r:IN_CELL]->(k:Coordinate)
         RETURN {text: k.text, n: r.n, events: r.events} ORDER BY k.index
       } AS counts
ORDER BY date, measure, statistic, id
