// summary: The text of a patient's resources and of whatever they refer to (who took part, where, with what), in the order of their keys.
// access: read
// params:
//   key: {type: STRING, doc: Key of the patient., example: Patient/1}
//   type: {type: STRING, doc: FHIR type; null for all., example: Observation, optional: true}
//   history: {type: BOOLEAN, doc: Also what facts said before they were corrected., example: false}
// returns: {type: FHIR type, key: its key, fhir: text of its JSON}
MATCH (:Patient {key: $key})<-[:REPLACED_BY*0..10]-(p)
WITH DISTINCT p
CALL (p) {
  RETURN p AS n
  UNION
  MATCH (p)-[r]-(n:Resource)
  WHERE r.owner = n.key OR r.owner = p.key
  RETURN n
}
CALL (n) {
  RETURN n AS m
  UNION
  MATCH (n)-[r]-(m:Resource)
  WHERE r.owner = n.key AND NOT m:Patient
  RETURN m
}
WITH DISTINCT m
WHERE m.fhir IS NOT NULL AND (NOT m:Deleted OR $history AND m:Superseded AND NOT EXISTS { MATCH (now:Resource {key: m.of}) WHERE now:Deleted }) AND m.key STARTS WITH coalesce($type + '/', '')
RETURN m.type AS type, m.key AS key, m.fhir AS fhir
ORDER BY m.key
