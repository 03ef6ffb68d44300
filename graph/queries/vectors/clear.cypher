// summary: Take away all vectors of one encoder, in batches.
// access: auto
// params:
//   encoder: {type: STRING, doc: "letters or meaning.", example: letters}
//   batch: {type: INTEGER, doc: Vectors in one transaction., example: 1000}
// returns: {cleared: how many}
MATCH (v:CodeVector|NameVector)
WHERE v[$encoder + '_of'] IS NOT NULL
CALL (v) { SET v[$encoder] = null, v[$encoder + '_of'] = null } IN TRANSACTIONS OF $batch ROWS
RETURN count(*) AS cleared
