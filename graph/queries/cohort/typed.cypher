// summary: The facts or encounters of all patients that are of one of these types; not what was known to be entered in error or refuted, but what was said before a correction.
// access: read
// params:
//   types: {type: LIST<STRING>, doc: FHIR types; null for all., example: [Encounter], optional: true}
//   classes: {type: LIST<STRING>, doc: Classes of encounters; null for all., example: [IMP], optional: true}
//   at: {type: ZONED DATETIME, doc: Known at this instant; null for everything., example: null, optional: true}
//   wrong: {type: BOOLEAN, doc: Also those that were entered in error or refuted., example: false}
//   closing: {type: LIST<STRING>, doc: "What is hidden until its matter is closed, type and property.", example: [Procedure.status]}
// returns:
//   rows: "lists of one patient: patient, key, type, start, recorded, closed (ms), class, status, text, value, unit, until (ms; when another version took its place)"
MATCH (p:Patient)-[:HAS_EVENT|HAS_ENCOUNTER]->(n)
WHERE n.type IS NOT NULL AND ($types IS NULL OR n.type IN $types) AND ($classes IS NULL OR n.class IN $classes)
  AND ($at IS NULL OR n.recorded <= $at) AND (NOT n:Deleted OR n.deleted > $at
    OR n:Superseded AND n.recorded < n.deleted AND (
      EXISTS { MATCH (now:Resource {key: n.of}) WHERE (NOT now:Deleted OR now.deleted > $at) AND ($at IS NULL OR now.recorded <= $at) }
      OR EXISTS { MATCH (v:Resource) USING INDEX SEEK v:Resource(key)
        WHERE v.key STARTS WITH split(n.of, '#')[0] + '/_history/' AND v.of = n.of AND v.recorded <= $at AND v.deleted > $at }))
  AND ($wrong OR NOT (coalesce(n.verification, '') IN ['entered-in-error', 'refuted'] OR coalesce(n.status, '') = 'entered-in-error'
    AND ($at IS NULL OR NOT n.type + '.status' IN $closing OR coalesce(n.closed <= $at, false))))
WITH p, collect([
  p.key, coalesce(n.of, n.key), n.type, n.start.epochMillis, n.recorded.epochMillis, n.closed.epochMillis, n.class,
  CASE WHEN n.verification IN ['entered-in-error', 'refuted'] THEN n.verification ELSE n.status END, n.text, n.value, n.unit, CASE WHEN n:Superseded THEN n.deleted.epochMillis END
]) AS rows
RETURN rows
