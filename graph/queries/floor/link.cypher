// summary: Write references as relationships and nothing else, the floor of the benchmark of ingest.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "a (key of the start), b (key of the end), type, props, times (name, seconds and nanoseconds since 1970)", example: []}
// returns: {linked: how many}
UNWIND $rows AS row
MATCH (a:Resource {key: row.a})
MATCH (b:Resource {key: row.b})
CREATE (a)-[r:$(row.type)]->(b)
SET r = row.props
FOREACH (t IN row.times | SET r[t[0]] = datetime.fromepoch(t[1], t[2]))
RETURN count(*) AS linked
