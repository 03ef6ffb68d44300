// summary: Set the fullUrls under which resources came in bundles.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "key, url and urls (others; null for none) of each resource", example: []}
UNWIND $rows AS row
MATCH (n:Resource {key: row.key})
SET n.url = row.url, n.urls = row.urls
