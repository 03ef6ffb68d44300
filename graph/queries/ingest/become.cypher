// summary: Turn placeholders into the resources that have arrived; what hangs on them stays.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "key, labels and props of each node, times (name, seconds and nanoseconds since 1970)", example: []}
UNWIND $rows AS row
MATCH (n:Resource {key: row.key})
REMOVE n:Dangling
SET n:$(row.labels)
SET n = row.props
FOREACH (t IN row.times | SET n[t[0]] = datetime.fromepoch(t[1], t[2]))
