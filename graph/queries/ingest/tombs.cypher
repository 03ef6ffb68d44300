// summary: Remember deletions; of several of one resource the one that ranks highest stays, and one with a time of its own before one that was only read.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "key, tomb (rank of the deletion), at (ZONED DATETIME), clock", example: []}
// returns: {key: key of the resource, taken: whether the deletion is new}
UNWIND $rows AS row
MERGE (n:Resource {key: row.key})
ON CREATE SET n:Dangling
WITH n, row, CASE
  WHEN n.tomb IS NULL THEN true
  WHEN NOT n:Deleted THEN row.tomb > n.tomb
  WHEN row.clock = 'read' THEN false
  WHEN n.deleted_clock = 'read' THEN row.tomb > coalesce(n.rank, '')
  ELSE row.tomb > n.tomb
END AS taken
FOREACH (_ IN CASE WHEN taken THEN [1] ELSE [] END |
  SET n.tomb = row.tomb, n.deleted = datetime.fromepoch(row.at.epochSeconds, row.at.nanosecond), n.deleted_clock = row.clock)
RETURN n.key AS key, taken
