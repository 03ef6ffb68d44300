// summary: The resources of one patient as they came - what refers to the patient, and what that refers to in turn.
// access: read
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/1}
// returns: {key: Type/id, url: fullUrl it came with or null, fhir: the JSON as it came}
MATCH (asked:Resource {key: $patient})<-[:REPLACED_BY*0..10]-(p)
WHERE asked:Patient AND NOT asked:Deleted
WITH DISTINCT p
CALL (p) {
  RETURN p AS x
  UNION
  MATCH (p)-[r]-(x:Resource)
  WHERE r.owner = x.key
  RETURN x
}
CALL (x) {
  RETURN x AS n
  UNION
  MATCH (x)-[r]-(n:Resource)
  WHERE r.owner = x.key AND NOT n:Patient AND NOT n:Event AND NOT n:Encounter
  RETURN n
}
WITH DISTINCT n
WHERE n.fhir IS NOT NULL AND NOT n:Contained AND NOT n:Deleted
RETURN n.key AS key, n.url AS url, n.fhir AS fhir ORDER BY n.type <> 'Patient', n.type, n.key
