// summary: Remember which versions of facts and encounters were seen.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "key of the newest version, versions (rank and sum over the content of each)", example: []}
UNWIND $rows AS row
MATCH (n:Resource {key: row.key})
SET n.versions = row.versions
