// summary: The facts and encounters of all patients that have one of these codes, as main code, as a component's, or as their medicine's; not what was known to be entered in error or refuted, but what was said before a correction.
// access: read
// params:
//   codes: {type: LIST<STRING>, doc: "system|code of each.", example: ["http://loinc.org|4548-4"]}
//   types: {type: LIST<STRING>, doc: FHIR types; null for all., example: [Observation], optional: true}
//   at: {type: ZONED DATETIME, doc: Known at this instant; null for everything., example: null, optional: true}
//   wrong: {type: BOOLEAN, doc: Also those that were entered in error or refuted., example: false}
//   closing: {type: LIST<STRING>, doc: "What is hidden until its matter is closed, type and property.", example: [Procedure.status]}
// returns:
//   rows: "lists of one patient: patient, key, type, start, recorded, closed (ms), class, status, text, value, unit (a component's own where the code is a component's), until (ms; when another version took its place)"
UNWIND $codes AS code
MATCH (c:Concept {key: code})
CALL (c, code) {
  MATCH (c)<-[:CODED]-(n:Event|Encounter)
  WHERE code IN n.codes OR code IN n.component_codes
  RETURN DISTINCT n
  UNION
  MATCH (c)<-[:CODED {path: 'code'}]-(:Medication)<-[:MEDICATION]-(n:Event)
  RETURN DISTINCT n
}
WITH code, n
WHERE ($types IS NULL OR n.type IN $types) AND ($at IS NULL OR n.recorded <= $at) AND (NOT n:Deleted OR n.deleted > $at
    OR n:Superseded AND n.recorded < n.deleted AND (
      EXISTS { MATCH (now:Resource {key: n.of}) WHERE (NOT now:Deleted OR now.deleted > $at) AND ($at IS NULL OR now.recorded <= $at) }
      OR EXISTS { MATCH (v:Resource) USING INDEX SEEK v:Resource(key)
        WHERE v.key STARTS WITH split(n.of, '#')[0] + '/_history/' AND v.of = n.of AND v.recorded <= $at AND v.deleted > $at }))
  AND ($wrong OR NOT (coalesce(n.verification, '') IN ['entered-in-error', 'refuted'] OR coalesce(n.status, '') = 'entered-in-error'
    AND ($at IS NULL OR NOT n.type + '.status' IN $closing OR coalesce(n.closed <= $at, false))))
MATCH (p:Patient)-[:HAS_EVENT|HAS_ENCOUNTER]->(n)
WITH p, n, head([i IN range(0, size(coalesce(n.component_codes, [])) - 1) WHERE n.component_codes[i] = code]) AS i
WITH p, collect(DISTINCT [
  p.key, coalesce(n.of, n.key), n.type, n.start.epochMillis, n.recorded.epochMillis, n.closed.epochMillis, n.class,
  CASE WHEN n.verification IN ['entered-in-error', 'refuted'] THEN n.verification ELSE n.status END,
  CASE WHEN i IS NULL THEN n.text ELSE n.component_texts[i] END,
  CASE WHEN i IS NULL THEN n.value ELSE n.component_values[i] END,
  CASE WHEN i IS NULL THEN n.unit ELSE n.component_units[i] END,
  CASE WHEN n:Superseded THEN n.deleted.epochMillis END
]) AS rows
RETURN rows
