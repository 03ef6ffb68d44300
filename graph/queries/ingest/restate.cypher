// summary: Let facts and encounters be the version that said again what they say already, with its rank, its text and where it came from.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "key, and props that differ between two versions of one content; null for those that it has not", example: []}
UNWIND $rows AS row
MATCH (n:Resource {key: row.key})
SET n += row.props
