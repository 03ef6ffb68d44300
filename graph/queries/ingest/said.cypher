// summary: Remember which versions of facts were seen, and when the first of them became known.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "key of a version, versions (of the newest, rank and sum over the content of each; else null), first (seconds and nanoseconds since 1970, or null)", example: []}
UNWIND $rows AS row
MATCH (n:Resource {key: row.key})
SET n.versions = row.versions, n.first_recorded = CASE WHEN row.first IS NOT NULL THEN datetime.fromepoch(row.first[0], row.first[1]) END
