// summary: The codes of facts known at an instant whose vectors lie nearest to one, each compared exactly, so nothing later changes it.
// access: read
// params:
//   encoder: {type: STRING, doc: "letters or meaning.", example: letters}
//   vector: {type: LIST<FLOAT>, doc: "A vector of the encoder; null finds nothing.", example: null, optional: true}
//   at: {type: ZONED DATETIME, doc: The instant., example: "2024-01-01T00:00:00Z"}
//   closing: {type: LIST<STRING>, doc: "What is hidden until its matter is closed: type and property, type and path of a coded element.", example: [Encounter.hospitalization.dischargeDisposition]}
//   k: {type: INTEGER, doc: How many., example: 20}
// returns: {key: key of the code, score: "how near: 1 the same direction, 0 the opposite"}
MATCH (v:CodeVector)
WHERE $vector IS NOT NULL AND v[$encoder] IS NOT NULL
MATCH (c:Concept {key: v.key})
WHERE EXISTS {
  MATCH (c)<-[r:CODED]-(f) WHERE f.recorded <= $at AND (NOT f:Deleted OR f.deleted > $at)
    AND (f.closed <= $at OR NOT f.type + '.' + r.path IN $closing)
}
WITH c.key AS key, vector.similarity.cosine(v[$encoder], $vector) AS score
RETURN key, score
ORDER BY score DESC, key
LIMIT $k
