// summary: Write the codes of resources as relationships and nothing else, the floor of the benchmark of ingest.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "key of the resource, code (key of the concept), path of the coded element", example: []}
// returns: {linked: how many}
UNWIND $rows AS row
MATCH (n:Resource {key: row.key})
MATCH (c:Concept {key: row.code})
CREATE (n)-[:CODED {path: row.path}]->(c)
RETURN count(*) AS linked
