// summary: The text of all resources, in the order of their keys, so that each type comes in one piece.
// access: read
// params:
//   type: {type: STRING, doc: FHIR type; null for all., example: Patient, optional: true}
//   history: {type: BOOLEAN, doc: Also what facts said before they were corrected., example: false}
// returns: {type: FHIR type, key: its key, fhir: text of its JSON}
MATCH (n:Resource)
WHERE n.key STARTS WITH coalesce($type + '/', '') AND n.fhir IS NOT NULL AND (NOT n:Deleted OR $history AND n:Superseded AND NOT EXISTS { MATCH (now:Resource {key: n.of}) WHERE now:Deleted })
RETURN n.type AS type, n.key AS key, n.fhir AS fhir
ORDER BY n.key
