// summary: Make placeholders for the targets of references that are not there.
// access: write
// params:
//   keys: {type: LIST<STRING>, doc: Keys that references point at., example: []}
UNWIND $keys AS key
MERGE (n:Resource {key: key})
ON CREATE SET n:Dangling
