// summary: Declared claims, of one agent or of all.
// access: read
// params:
//   agent: {type: STRING, doc: "Key of an agent; null for all.", optional: true, example: null}
// returns:
//   id: The claim's id.
//   agent: Key of the agent.
//   cells: The claimed cells (JSON).
//   population: For which patients.
//   intended: The intended use.
MATCH (a:Agent)-[:CLAIMS]->(c:Claim)
WHERE $agent IS NULL OR a.key = $agent
RETURN c.id AS id, a.key AS agent, c.cells AS cells, c.population AS population, c.intended AS intended
ORDER BY agent, id
