// summary: The words and phrases that at least so many patients share, among what facts, encounters and patients say as known at an instant.
// access: read
// params:
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
//   least: {type: INTEGER, doc: Patients who must share them., example: 11}
//   persons: {type: MAP, doc: "who stays, by the key of each who was replaced", example: {}}
// returns: {word: a word or phrase}
CALL () {
  MATCH (p:Patient)
  WITH p, coalesce($persons[p.key], p.key) AS person
  MATCH (p)-[:HAS_EVENT|HAS_ENCOUNTER]->(n)
  WHERE ($at IS NULL OR n.recorded <= $at) AND (NOT n:Deleted OR n.deleted > $at)
  UNWIND [n.display, n.unit, n.rate_unit, n.reason, CASE WHEN $at IS NULL OR n.closed IS NULL OR n.closed <= $at THEN n.text END]
    + coalesce(n.component_displays, []) + coalesce(n.component_units, []) + coalesce(n.component_texts, []) AS word
  RETURN person, word
  UNION
  MATCH (p:Patient)
  UNWIND [p.race, p.ethnicity] AS word
  RETURN coalesce($persons[p.key], p.key) AS person, word
}
WITH word, person WHERE word <> ''
WITH word, count(DISTINCT person) AS patients
WHERE patients >= $least
RETURN word ORDER BY word
