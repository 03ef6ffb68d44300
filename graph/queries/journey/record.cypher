// summary: All encounters and facts of a patient, deleted ones too, with the times by which any instant's journey is told apart.
// access: read
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/1}
// returns:
//   facts: "lists: the cells of journey.facts when everything is asked for, without the encounter and with recorded to the microsecond;
//     then deleted and closed in microseconds since 1970 (null when it is not, or that is not known; deleted before all times when
//     nobody knows when); then the keys of the encounters that include the fact, null for an encounter; then 0 for what has one version, 1 for the newest of several, 2 for one of which another took the place"
MATCH (p:Resource {key: $patient})
MATCH (p)<-[:REPLACED_BY*0..10]-(q)
WITH DISTINCT q
MATCH (q)-[:HAS_ENCOUNTER|HAS_EVENT]->(n)
WHERE n.type IS NOT NULL
WITH collect(n) AS facts
UNWIND range(0, size(facts) - 1, 1000) AS i
// A list of many at a time: a row a fact takes half as long again, and one list of all as much memory as the record is large.
CALL (facts, i) {
  UNWIND facts[i..i + 1000] AS n
  RETURN collect([
      coalesce(n.of, n.key), n.type, n.system, n.code, n.display, n.codes, n.category,
      CASE WHEN (n:Condition OR n:AllergyIntolerance) AND n.verification IN ['entered-in-error', 'refuted'] THEN n.verification ELSE n.status END,
      n.start.epochMillis, n.end.epochMillis, n.recorded.epochSeconds * 1000000 + n.recorded.microsecond, n.value, n.unit, n.text,
      CASE WHEN n:Encounter THEN [coalesce(n.of, n.key), n.class] END,
      n.disposition,
      false,
      CASE WHEN n.component_codes IS NOT NULL THEN [
        n.component_codes, n.component_displays, n.component_values, n.component_units, n.component_texts] END,
      CASE WHEN n.code IS NULL AND n.type STARTS WITH 'Medication' THEN
        head([(n)-[:MEDICATION]->(d:Medication) | [d.system, d.code, d.display, d.codes]]) END,
      CASE WHEN n:Deleted THEN coalesce(n.deleted.epochSeconds * 1000000 + n.deleted.microsecond, -9223372036854775807) END,
      n.closed.epochSeconds * 1000000 + n.closed.microsecond,
      CASE WHEN NOT n:Encounter THEN [(n)<-[:INCLUDES]-(e) | coalesce(e.of, e.key)] END,
      CASE WHEN n:Superseded THEN 2 WHEN n.since IS NOT NULL THEN 1 ELSE 0 END
    ]) AS some
}
RETURN some AS facts
