// summary: What lies nearest to a vector, the nearest first.
// access: read
// params:
//   index: {type: STRING, doc: "code_letters, code_meaning, name_letters or name_meaning.", example: code_letters}
//   vector: {type: LIST<FLOAT>, doc: "A vector of the encoder's length, of another length than zero; null finds nothing.", example: null, optional: true}
//   k: {type: INTEGER, doc: How many., example: 20}
// returns: {key: key of the code or the resource, score: "how near: 1 the same direction, 0 the opposite"}
WITH $vector AS vector
WHERE vector IS NOT NULL
CALL db.index.vector.queryNodes($index, $k, vector) YIELD node, score
RETURN node.key AS key, score
ORDER BY score DESC, key
