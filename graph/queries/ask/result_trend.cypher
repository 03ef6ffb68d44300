// summary: "How did the results of a test change, as known at an instant?"
// access: read
// audience: clinician
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/ann}
//   test: {type: STRING, doc: "Code of the test, system|code.", example: "http://loinc.org|4548-4"}
//   at: {type: ZONED DATETIME, doc: What was known at this instant., example: "2024-06-30T00:00:00Z"}
// returns:
//   key: "Key of the result."
//   start: "When it was taken."
//   value: "Its value."
//   unit: "Its unit."
//   change: "Difference to the result before, or null."
MATCH (:Patient {key: $patient})-[:HAS_EVENT]->(o:Observation)
WHERE $test IN o.codes AND o.value IS NOT NULL AND o.recorded <= $at AND (NOT o:Deleted OR o.deleted > $at)
WITH o ORDER BY o.start, o.key
WITH collect(o) AS taken
UNWIND range(0, size(taken) - 1) AS i
WITH taken[i] AS o, CASE i WHEN 0 THEN null ELSE taken[i - 1] END AS before
RETURN o.key AS key, o.start AS start, o.value AS value, o.unit AS unit, o.value - before.value AS change
ORDER BY start, key
