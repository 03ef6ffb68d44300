// summary: The results of one measurement of a patient as known at an instant, in order of time.
// access: read
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/1}
//   code: {type: STRING, doc: "system|code of the measurement.", example: "http://loinc.org|718-7"}
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
// returns: {key: key of the fact, start: when it held, recorded: when it was known, value: number, unit: its unit, text: coded or textual value}
MATCH (:Patient {key: $patient})-[:HAS_EVENT]->(o:Observation)-[:CODED {path: 'code'}]->(:Concept {key: $code})
WHERE ($at IS NULL OR o.recorded <= $at) AND (NOT o:Deleted OR o.deleted > $at) AND NOT coalesce(o.verification IN ['entered-in-error', 'refuted'], false)
  AND NOT coalesce(o.status = 'entered-in-error' AND ($at IS NULL OR o.closed IS NULL OR o.closed <= $at), false)
RETURN coalesce(o.of, o.key) AS key, o.start AS start, o.recorded AS recorded, o.value AS value, o.unit AS unit, o.text AS text
ORDER BY start, key
