// summary: Encounters and facts of patients, each as known at an instant, one row a patient and instant.
// access: read
// params:
//   moments: {type: LIST<MAP>, doc: "patient (key) and at (ZONED DATETIME, or null for everything)", example: [{patient: Patient/1, at: null}]}
//   types: {type: LIST<STRING>, doc: FHIR types to give; null for all., example: null, optional: true}
// returns:
//   i: place in the list of moments
//   rows: "lists: key, type, system, code, display, codes, category, status, start, end, recorded (ms), value, unit, text,
//     [encounter, class] (null while that is not known), disposition, open (closing fields not known yet), components (null or lists), medicine (null or its code)"
UNWIND range(0, size($moments) - 1) AS i
WITH i, $moments[i] AS m
MATCH (p:Resource {key: m.patient})
WHERE NOT p:Deleted OR p.deleted > m.at
CALL (p, m) {
  // A patient is also whom the patient has replaced.
  MATCH (p)<-[:REPLACED_BY*0..10]-(q)
  WITH DISTINCT q, m
  MATCH (q)-[:HAS_ENCOUNTER|HAS_EVENT]->(n)
  WHERE (m.at IS NULL OR n.recorded <= m.at) AND n.type IS NOT NULL
    AND (NOT n:Deleted OR n.deleted > m.at) AND ($types IS NULL OR n.type IN $types)
  WITH m, n, CASE WHEN NOT n:Encounter THEN [(n)<-[:INCLUDES]-(e) | e] ELSE [] END AS visits
  WITH m, n, head([e IN visits WHERE (m.at IS NULL OR e.recorded <= m.at) AND (NOT e:Deleted OR e.deleted > m.at) | [coalesce(e.of, e.key), e.class]]) AS visit,
    [e IN visits WHERE e.since > m.at | coalesce(e.of, e.key)] AS updated
  WITH m, collect([n, visit, updated]) AS facts
  CALL (m, facts) {
    // What encounters that were updated since said then: looked up once, and not by each of their facts.
    UNWIND facts AS fact
    WITH m, fact WHERE fact[1] IS NULL
    UNWIND fact[2] AS key
    WITH DISTINCT m, key
    MATCH (e:Resource) USING INDEX SEEK e:Resource(key)
    WHERE e.key STARTS WITH key + '/_history/' AND e:Superseded AND NOT e:Contained AND e.recorded <= m.at AND e.deleted > m.at
    RETURN collect([key, e.class]) AS former
  }
  UNWIND facts AS fact
  WITH m, former, fact[0] AS n, fact[1] AS visit, fact[2] AS updated
  RETURN collect([
    coalesce(n.of, n.key), n.type, n.system, n.code, n.display, n.codes, n.category,
    CASE WHEN (n:Condition OR n:AllergyIntolerance) AND n.verification IN ['entered-in-error', 'refuted'] THEN n.verification ELSE n.status END,
    n.start.epochMillis, n.end.epochMillis, n.recorded.epochMillis, n.value, n.unit, n.text,
    CASE WHEN n:Encounter THEN [coalesce(n.of, n.key), n.class] ELSE coalesce(visit, head([x IN former WHERE x[0] IN updated])) END,
    n.disposition,
    m.at IS NOT NULL AND NOT coalesce(n.closed <= m.at, false),
    CASE WHEN n.component_codes IS NOT NULL THEN [
      n.component_codes, n.component_displays, n.component_values, n.component_units, n.component_texts] END,
    CASE WHEN n.code IS NULL AND n.type STARTS WITH 'Medication' THEN
      head([(n)-[:MEDICATION]->(d:Medication) | [d.system, d.code, d.display, d.codes]]) END
  ]) AS rows
}
RETURN i, rows
