// summary: Delete everything but the record of the migrations, in batches.
// access: auto
// params:
//   batch: {type: INTEGER, doc: Nodes in one transaction., example: 5000}
// returns:
//   deleted: Nodes that were deleted.
MATCH (n) WHERE NOT n:Migration
CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF $batch ROWS
RETURN count(*) AS deleted
