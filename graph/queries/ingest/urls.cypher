// summary: Set the fullUrl under which resources came in a bundle.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "key and url of each resource", example: []}
UNWIND $rows AS row
MATCH (n:Resource {key: row.key})
SET n.url = row.url
