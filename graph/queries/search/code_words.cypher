// summary: Codes whose names or code have words that begin so, the best first, without counting their facts.
// access: read
// params:
//   text: {type: STRING, doc: "The search as the full-text index wants it: hyper* AND dis*", example: "hyper*"}
//   limit: {type: INTEGER, doc: Codes at most., example: 20}
// returns: {key: "system|code", score: how well it fits}
CALL db.index.fulltext.queryNodes('concept_words', $text) YIELD node, score
WITH node.key AS key, score ORDER BY score DESC, key LIMIT $limit
RETURN key, score
