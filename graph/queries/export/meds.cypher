// summary: A page of patients who stay (of a circle of merges the first) in the order of their keys, each with all encounters and facts, also of those the patient replaced, as known at an instant, for event tables; not what was known to be entered in error.
// access: read
// params:
//   after: {type: STRING, doc: Key after which the page begins; empty for the first page., example: ""}
//   size: {type: INTEGER, doc: Patients looked at., example: 100}
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
//   patients: {type: LIST<STRING>, doc: Only of these; null for all., example: null, optional: true}
//   closing: {type: LIST<STRING>, doc: "What is hidden until its matter is closed, type and property.", example: [Procedure.status]}
// returns:
//   patient: key
//   person: "birth, gender, race, ethnicity, when a death became known (ms), when it was (ms)"
//   rows: "lists: key, type, system, code, start, recorded, closed (ms), value, unit, text, class, disposition, encounter, components (null or lists), medicine (null or system and code), status,
//     of an encounter that was updated its versions, the oldest first: whether it took the place of another, when each became known (ms), class, system, code, closed (ms), end (ms), disposition; else null"
MATCH (p:Patient)
WHERE p.key > $after AND p.type = 'Patient' AND (NOT p:Deleted OR p.deleted > $at) AND ($patients IS NULL OR p.key IN $patients)
  AND NOT EXISTS {
    MATCH (p)-[:REPLACED_BY*1..10]->(other:Patient)
    WHERE other <> p AND other.type = 'Patient' AND (NOT other:Deleted OR other.deleted > $at)
      AND (other.key < p.key OR NOT EXISTS { MATCH shortestPath((other)-[:REPLACED_BY*]->(p)) })
  }
WITH p ORDER BY p.key LIMIT $size
CALL (p) {
  MATCH (p)<-[:REPLACED_BY*0..10]-(q)
  WITH DISTINCT q
  MATCH (q)-[:HAS_ENCOUNTER|HAS_EVENT]->(n)
  WHERE n.type IS NOT NULL AND n.recorded IS NOT NULL AND ($at IS NULL OR n.recorded <= $at) AND (NOT n:Deleted OR n.deleted > $at)
    AND NOT (coalesce(n.verification, '') IN ['entered-in-error', 'refuted'] OR coalesce(n.status, '') = 'entered-in-error'
      AND ($at IS NULL OR NOT n.type + '.status' IN $closing OR coalesce(n.closed <= $at, false)))
  RETURN collect([
    coalesce(n.of, n.key), n.type, n.system, n.code, n.start.epochMillis, n.recorded.epochMillis,
    CASE WHEN $at IS NULL OR n.closed <= $at THEN n.closed.epochMillis END,
    n.value, n.unit, n.text, n.class, n.disposition,
    CASE WHEN n:Encounter THEN coalesce(n.of, n.key) ELSE head([(n)<-[:INCLUDES]-(e) WHERE ($at IS NULL OR e.recorded <= $at) AND (NOT e:Deleted OR e.deleted > $at)
      OR e.since > $at AND EXISTS { MATCH (v:Resource) USING INDEX SEEK v:Resource(key) WHERE v.key STARTS WITH e.key + '/_history/' AND v:Superseded AND NOT v:Contained AND v.recorded <= $at AND v.deleted > $at } | coalesce(e.of, e.key)]) END,
    CASE WHEN n.component_codes IS NOT NULL THEN [n.component_codes, n.component_values, n.component_units, n.component_texts] END,
    CASE WHEN n.code IS NULL AND n.type STARTS WITH 'Medication' THEN
      head([(n)-[:MEDICATION]->(d:Medication) | [d.system, d.code]]) END,
    n.status,
    CASE WHEN n:Encounter AND n.since IS NOT NULL THEN COLLECT {
      MATCH (v:Resource) USING INDEX SEEK v:Resource(key)
      WHERE v.key STARTS WITH coalesce(n.of, n.key) + '/_history/' AND v:Superseded AND NOT v:Contained AND coalesce(v.since < n.since, true)
        AND v.recorded IS NOT NULL AND coalesce(v.status, '') <> 'entered-in-error'
      WITH v ORDER BY v.since IS NOT NULL, v.since
      RETURN [v.since IS NOT NULL, v.recorded.epochMillis, v.class, v.system, v.code, v.closed.epochMillis, v.end.epochMillis, v.disposition]
    } + [[true, n.recorded.epochMillis, n.class, n.system, n.code, CASE WHEN $at IS NULL OR n.closed <= $at THEN n.closed.epochMillis END,
      n.end.epochMillis, n.disposition]] END
  ]) AS rows
}
RETURN p.key AS patient, [
  p.birth, p.gender, p.race, p.ethnicity,
  CASE WHEN p.dead AND ($at IS NULL OR p.closed <= $at) THEN coalesce(p.closed, p.deceased).epochMillis END,
  CASE WHEN $at IS NULL OR p.closed <= $at THEN p.deceased.epochMillis END
] AS person, rows
ORDER BY patient
