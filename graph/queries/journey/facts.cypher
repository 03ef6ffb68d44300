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
  RETURN collect([
    coalesce(n.of, n.key), n.type, n.system, n.code, n.display, n.codes, n.category,
    CASE WHEN (n:Condition OR n:AllergyIntolerance) AND n.verification IN ['entered-in-error', 'refuted'] THEN n.verification ELSE n.status END,
    n.start.epochMillis, n.end.epochMillis, n.recorded.epochMillis, n.value, n.unit, n.text,
    CASE WHEN n:Encounter THEN [coalesce(n.of, n.key), n.class] ELSE
      head([(n)<-[:INCLUDES]-(now) WHERE (m.at IS NULL OR now.recorded <= m.at) AND (NOT now:Deleted OR now.deleted > m.at) | [now.key, now.class]]
        + CASE WHEN m.at IS NULL THEN [] ELSE COLLECT {
            MATCH (n)<-[:INCLUDES]-(now) WHERE now.since > m.at AND now.first_recorded <= m.at
            MATCH (e:Resource) USING INDEX SEEK e:Resource(key)
            WHERE e.key STARTS WITH now.key + '/_history/' AND e:Superseded AND NOT e:Contained AND e.recorded <= m.at AND e.deleted > m.at
            RETURN [now.key, e.class] } END) END,
    n.disposition,
    m.at IS NOT NULL AND NOT coalesce(n.closed <= m.at, false),
    CASE WHEN n.component_codes IS NOT NULL THEN [
      n.component_codes, n.component_displays, n.component_values, n.component_units, n.component_texts] END,
    CASE WHEN n.code IS NULL AND n.type STARTS WITH 'Medication' THEN
      head([(n)-[:MEDICATION]->(d:Medication) | [d.system, d.code, d.display, d.codes]]) END
  ]) AS rows
}
RETURN i, rows
