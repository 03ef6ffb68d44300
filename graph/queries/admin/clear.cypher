// summary: Delete everything but the record of the migrations, in batches.
// access: auto
// params:
//   batch: {type: INTEGER, doc: Relationships and then nodes in one transaction., example: 5000}
// returns:
//   deleted: Nodes that were deleted.
MATCH ()-[r]->()
// Relationships go first: with its node, a code that a million facts share would take a million of them into one transaction.
CALL (r) { DELETE r } IN TRANSACTIONS OF $batch ROWS
WITH count(*) AS links
MATCH (n) WHERE NOT n:Migration
CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF $batch ROWS
RETURN count(*) AS deleted
