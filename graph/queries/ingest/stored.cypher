// summary: The text of resources and where it came from.
// access: read
// params:
//   keys: {type: LIST<STRING>, doc: Keys of resources., example: [Patient/1]}
// returns: {key: the key, fhir: text of its JSON, source: file, line: line of that file, entry: index in the bundle, url: its fullUrl}
UNWIND $keys AS key
MATCH (n:Resource {key: key})
RETURN n.key AS key, n.fhir AS fhir, n.source AS source, n.line AS line, n.entry AS entry, n.url AS url
