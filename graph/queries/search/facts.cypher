// summary: Facts and encounters of some codes, the newest first, as known at an instant; of one patient or of all.
// access: read
// params:
//   codes: {type: LIST<STRING>, doc: "system|code of each.", example: ["http://loinc.org|4548-4"]}
//   patient: {type: STRING, doc: Key of the patient; null for all., example: null, optional: true}
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
//   closing: {type: LIST<STRING>, doc: "What is hidden until its matter is closed: type and property, type and path of a coded element.", example: [Encounter.hospitalization.dischargeDisposition]}
//   limit: {type: INTEGER, doc: Facts at most., example: 20}
// returns: {key: key, patient: key of the patient, type: FHIR type, code: main code, display: its name, start: when it held, recorded: when it became known, value: number, unit: its unit}
UNWIND $codes AS code
MATCH (:Concept {key: code})<-[r:CODED]-(f:Event|Encounter)<-[:HAS_EVENT|HAS_ENCOUNTER]-(p:Patient)
WHERE ($patient IS NULL OR p.key = $patient) AND ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at)
  AND ($at IS NULL OR f.closed <= $at OR NOT f.type + '.' + r.path IN $closing)
WITH DISTINCT f, p
ORDER BY f.start DESC, coalesce(f.of, f.key) LIMIT $limit
RETURN coalesce(f.of, f.key) AS key, p.key AS patient, f.type AS type, f.code AS code, f.display AS display, f.start AS start, f.recorded AS recorded,
  CASE WHEN $at IS NULL OR f.closed <= $at OR NOT f.type + '.value' IN $closing THEN f.value END AS value, f.unit AS unit
