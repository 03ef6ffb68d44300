// summary: Patients, people who care, places and things whose name has words that begin so, the best first.
// access: read
// params:
//   text: {type: STRING, doc: "The search as the full-text index wants it: smi*", example: "hosp*"}
//   limit: {type: INTEGER, doc: Resources at most., example: 20}
// returns: {key: key, type: FHIR type, name: its name, score: how well it fits}
CALL () {
  CALL db.index.fulltext.queryNodes('patient_text', $text) YIELD node, score
  WHERE NOT node:Deleted
  RETURN node, score LIMIT $limit
  UNION ALL
  CALL db.index.fulltext.queryNodes('name_text', $text) YIELD node, score
  WHERE NOT node:Deleted
  RETURN node, score LIMIT $limit
}
WITH node, max(score) AS score
RETURN node.key AS key, node.type AS type, node.name AS name, score
ORDER BY score DESC, key
LIMIT $limit
