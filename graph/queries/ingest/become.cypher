// summary: Turn placeholders into the resources that have arrived; what hangs on them stays.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "key, labels and props of each node, times (name, seconds and nanoseconds since 1970)", example: []}
UNWIND $rows AS row
MATCH (n:Resource {key: row.key})
REMOVE n:Dangling
// A type without a mapping is a fact where it names a patient, and another version of it may not.
FOREACH (_ IN CASE WHEN n:Event AND NOT 'Event' IN row.labels THEN [1] ELSE [] END | REMOVE n:Event)
FOREACH (_ IN CASE WHEN n:Ecosystem AND NOT 'Ecosystem' IN row.labels THEN [1] ELSE [] END | REMOVE n:Ecosystem)
SET n:$(row.labels)
SET n = row.props
FOREACH (t IN row.times | SET n[t[0]] = datetime.fromepoch(t[1], t[2]))
