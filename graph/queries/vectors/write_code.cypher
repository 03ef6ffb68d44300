// summary: Write vectors of names of codes by one encoder.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "key, of (digest of the name) and vector (null where the encoder knows nothing of it)", example: []}
//   encoder: {type: STRING, doc: "letters or meaning.", example: letters}
// returns: {written: how many}
UNWIND $rows AS row
MERGE (v:CodeVector {key: row.key})
SET v[$encoder] = row.vector, v[$encoder + '_of'] = row.of
RETURN count(v) AS written
