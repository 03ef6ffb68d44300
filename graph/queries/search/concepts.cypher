// summary: Codes whose names or code have words that begin so, with how many facts have them; those that some have first, then the best first.
// access: read
// params:
//   text: {type: STRING, doc: "The search as the full-text index wants it: hyper* AND dis*", example: "hyper*"}
//   at: {type: ZONED DATETIME, doc: Only codes of facts known at this instant; null for all., example: null, optional: true}
//   closing: {type: LIST<STRING>, doc: "What is hidden until its matter is closed: type and property, type and path of a coded element.", example: [Encounter.hospitalization.dischargeDisposition]}
//   limit: {type: INTEGER, doc: Codes at most., example: 20}
// returns: {key: "system|code", display: its name, facts: how many resources have it, patients: how many patients have such a fact, score: "how well it fits; null with an instant, since it depends on every name that is there now"}
CALL db.index.fulltext.queryNodes('concept_words', $text) YIELD node AS c, score
WITH c, CASE WHEN $at IS NULL THEN score END AS score, COUNT {
  MATCH (c)<-[r:CODED]-(f) WHERE ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at)
    AND ($at IS NULL OR f.closed <= $at OR NOT f.type + '.' + r.path IN $closing)
} AS facts
WHERE $at IS NULL OR facts > 0
WITH c, score, facts ORDER BY facts > 0 DESC, score DESC, facts DESC, c.key LIMIT $limit
RETURN c.key AS key, coalesce(c.display, c.name) AS display, facts, COUNT {
  MATCH (c)<-[r:CODED]-(f:Event)<-[:HAS_EVENT]-(p:Patient)
  WHERE ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at)
    AND ($at IS NULL OR f.closed <= $at OR NOT f.type + '.' + r.path IN $closing)
  RETURN DISTINCT p
} AS patients, score
ORDER BY facts > 0 DESC, score DESC, facts DESC, key
