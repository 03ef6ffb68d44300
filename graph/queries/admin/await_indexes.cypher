// summary: Wait until every index is ready.
// access: read
// params:
//   seconds: {type: INTEGER, doc: Longest wait in seconds., example: 300}
CALL db.awaitIndexes($seconds)
