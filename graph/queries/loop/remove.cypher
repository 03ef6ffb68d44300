// summary: Remove rounds that are no longer so.
// access: write
// params:
//   keys: {type: LIST<STRING>, doc: Keys of rounds., example: []}
UNWIND $keys AS key
MATCH (r:Round {key: key})
DETACH DELETE r
