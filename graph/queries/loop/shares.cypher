// summary: How many facts of each type have a place in the decision loop, and why the others have none.
// access: read
// params:
//   outside: {type: LIST<STRING>, doc: Types that the loop leaves out., example: [Claim]}
//   never: {type: LIST<STRING>, doc: Values of status that the loop leaves out., example: [entered-in-error]}
//   ruled: {type: LIST<STRING>, doc: Types that some rule places., example: [Observation]}
// returns:
//   type: FHIR type
//   reason: "placed; or outside, no-patient, no-clock, no-encounter, no-rule"
//   facts: how many
MATCH (n:Event) WHERE n.type IS NOT NULL AND NOT n:Contained AND NOT n:Deleted
WITH n.type AS type, CASE
  WHEN EXISTS { (n)<-[:PLACES]-(:Round) } THEN 'placed'
  WHEN n.type IN $outside OR n.status IN $never OR n.verification IN $never THEN 'outside'
  WHEN NOT EXISTS { (n)<-[:HAS_EVENT]-(:Patient) } THEN 'no-patient'
  WHEN n.recorded IS NULL THEN 'no-clock'
  WHEN NOT n.type IN $ruled THEN 'no-rule'
  WHEN NOT EXISTS { (n)<-[:INCLUDES]-(:Encounter) } THEN 'no-encounter'
  ELSE 'no-rule' END AS reason
RETURN type, reason, count(*) AS facts
ORDER BY type, reason
