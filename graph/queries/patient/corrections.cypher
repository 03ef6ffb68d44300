// summary: What facts and encounters of a patient said before they were corrected or updated, and what they say now, in the order in which each became known.
// access: read
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/1}
// returns:
//   key: key of the fact or the encounter
//   type: FHIR type
//   display: what it is
//   status: its status; of a problem or an allergy that was entered in error or refuted, that
//   value: number
//   unit: its unit
//   text: coded or textual value
//   components: "of a panel, the aligned lists component_displays, component_values, component_units and component_texts; else null"
//   class: class of an encounter
//   disposition: how an encounter ended
//   start: when it held
//   end: when it ceased to hold
//   known: when this version became known
//   until: when another took its place, or it was deleted; null for what it says now
MATCH (:Patient {key: $patient})<-[:REPLACED_BY*0..10]-(p)
WITH collect(DISTINCT p) AS people
UNWIND people AS p
MATCH (p)-[:HAS_EVENT|HAS_ENCOUNTER]->(f)
WHERE f:Superseded OR f.first_recorded IS NOT NULL
WITH DISTINCT people, coalesce(f.of, f.key) AS key WHERE NOT key CONTAINS '#'
CALL (key) {
  MATCH (n:Resource {key: key})
  RETURN n
  UNION
  MATCH (n:Resource) USING INDEX SEEK n:Resource(key)
  WHERE n.key STARTS WITH key + '/_history/' AND n:Superseded AND NOT n:Contained
  RETURN n
}
// A version that was of another patient is told in that patient's record.
WITH key, n WHERE any(p IN people WHERE EXISTS { (p)-[:HAS_EVENT|HAS_ENCOUNTER]->(n) })
RETURN key, n.type AS type, coalesce(n.display, n.code, n.type) AS display,
  CASE WHEN n.verification IN ['entered-in-error', 'refuted'] THEN n.verification ELSE n.status END AS status,
  n.value AS value, n.unit AS unit, n.text AS text,
  CASE WHEN n.component_codes IS NOT NULL THEN [n.component_displays, n.component_values, n.component_units, n.component_texts] END AS components,
  n.class AS class, n.disposition AS disposition, n.start AS start, n.end AS end, n.recorded AS known, CASE WHEN n:Deleted THEN n.deleted END AS until
ORDER BY key, coalesce(n.since, datetime('0001-01-01T00:00:00Z'))
