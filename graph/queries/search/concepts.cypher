// summary: Codes whose name or code has words that begin so, the best first, with how many facts have them.
// access: read
// params:
//   text: {type: STRING, doc: "The search as the full-text index wants it: hyper* AND dis*", example: "hyper*"}
//   at: {type: ZONED DATETIME, doc: Only codes of facts known at this instant; null for all., example: null, optional: true}
//   limit: {type: INTEGER, doc: Codes at most., example: 20}
// returns: {key: "system|code", display: its name, facts: how many resources have it, patients: how many patients have such a fact, score: how well it fits}
CALL db.index.fulltext.queryNodes('concept_text', $text) YIELD node AS c, score
WITH c, score, COUNT {
  MATCH (c)<-[:CODED]-(f) WHERE ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at)
} AS facts
WHERE $at IS NULL OR facts > 0
WITH c, score, facts ORDER BY score DESC, facts DESC, c.key LIMIT $limit
RETURN c.key AS key, c.display AS display, facts, COUNT {
  MATCH (c)<-[:CODED]-(f:Event)<-[:HAS_EVENT]-(p:Patient)
  WHERE ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at)
  RETURN DISTINCT p
} AS patients, score
ORDER BY score DESC, facts DESC, key
