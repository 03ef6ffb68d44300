// summary: "How did the results of a test change, as known at an instant?"
// access: read
// audience: clinician
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/ann}
//   test: {type: STRING, doc: "Code of the test, system|code.", example: "http://loinc.org|4548-4"}
//   at: {type: ZONED DATETIME, doc: What was known at this instant., example: "2024-06-30T00:00:00Z"}
// returns:
//   key: "Key of the result."
//   start: "When it was taken, or became known where nothing says when it was taken."
//   value: "Its value."
//   unit: "Its unit."
//   change: "Difference to the result before; null where there is none, or it has another unit."
MATCH (:Patient {key: $patient})-[:HAS_EVENT]->(o:Observation)
WHERE $test IN o.codes AND o.value IS NOT NULL AND o.recorded <= $at AND (NOT o:Deleted OR o.deleted > $at)
  AND NOT coalesce(o.status = 'entered-in-error', false)
WITH o, coalesce(o.start, o.recorded) AS start ORDER BY start, coalesce(o.of, o.key)
WITH collect({o: o, start: start}) AS taken
UNWIND range(0, size(taken) - 1) AS i
WITH taken[i].o AS o, taken[i].start AS start, CASE i WHEN 0 THEN null ELSE taken[i - 1].o END AS before
RETURN coalesce(o.of, o.key) AS key, start, o.value AS value, o.unit AS unit,
       CASE WHEN coalesce(o.unit, '') = coalesce(before.unit, '') THEN o.value - before.value END AS change
ORDER BY start, key
