// summary: Write new resources and nothing else, the floor of the benchmark of ingest.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "labels and props of each node, times (name, seconds and nanoseconds since 1970)", example: []}
UNWIND $rows AS row
CREATE (n:$(row.labels))
SET n = row.props
FOREACH (t IN row.times | SET n[t[0]] = datetime.fromepoch(t[1], t[2]))
