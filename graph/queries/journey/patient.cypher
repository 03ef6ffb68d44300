// summary: One patient's properties, and whether what closes the record (a death) is not known yet at an instant.
// access: read
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/1}
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
// returns: {properties: without the FHIR text, open: closing fields not known yet}
MATCH (p:Resource {key: $patient})
WHERE p:Patient AND (NOT p:Deleted OR p.deleted > $at)
RETURN p {.*, fhir: null} AS properties, $at IS NOT NULL AND NOT coalesce(p.closed <= $at, false) AS open
