// summary: A page of resources of one type in the order of their keys, as rows of a table, as known at an instant.
// access: read
// params:
//   type: {type: STRING, doc: FHIR type., example: Observation}
//   after: {type: STRING, doc: Key after which the page begins; the type and a slash for the first page., example: "Observation/"}
//   before: {type: STRING, doc: Key before which all of the type lie., example: "Observation0"}
//   size: {type: INTEGER, doc: Resources looked at., example: 5000}
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
//   patients: {type: LIST<STRING>, doc: Only of these patients (those they replaced among them) and of nobody; null for all., example: null, optional: true}
// returns:
//   last: key of the last that was looked at
//   rows: "lists: properties (times in ms), whether the closing fields were not known yet, keys of the patients it is about, key of its encounter"
MATCH (n:Resource)
WHERE n.key > $after AND n.key < $before
WITH n ORDER BY n.key LIMIT $size
CALL (n) {
  WITH n WHERE n.type = $type
    AND ($at IS NULL OR n.recorded <= $at OR (n.recorded IS NULL AND NOT n:Event AND NOT n:Encounter))
    AND ($at IS NULL OR NOT n:Contained OR EXISTS { MATCH (c:Resource {key: split(n.key, '#')[0]}) WHERE c.recorded <= $at OR (c.recorded IS NULL AND NOT c:Event AND NOT c:Encounter) })
  AND (NOT n:Deleted OR n.deleted > $at)
  WITH n, CASE WHEN n:Patient THEN [n.key] ELSE COLLECT { MATCH (n)-[r]-(p:Patient) WHERE r.owner = n.key RETURN DISTINCT p.key } END AS owners
  WHERE $patients IS NULL OR size(owners) = 0 OR any(p IN owners WHERE p IN $patients)
  RETURN collect([
    n {.*, key: coalesce(n.of, n.key), of: null, since: null, first_recorded: null, first_closed: null, clocked: null, versions: null, fhir: null, start: n.start.epochMillis, end: n.end.epochMillis, recorded: n.recorded.epochMillis, closed: n.closed.epochMillis,
       deceased: n.deceased.epochMillis},
    $at IS NOT NULL AND NOT coalesce(n.closed <= $at, false),
    owners,
    head([(n)<-[:INCLUDES]-(e:Encounter) WHERE ($at IS NULL OR e.recorded <= $at) AND (NOT e:Deleted OR e.deleted > $at)
      OR e.since > $at AND EXISTS { MATCH (v:Resource) USING INDEX SEEK v:Resource(key) WHERE v.key STARTS WITH e.key + '/_history/' AND v:Superseded AND NOT v:Contained AND v.recorded <= $at AND v.deleted > $at } | coalesce(e.of, e.key)])
  ]) AS found
}
WITH n.key AS key, head(found) AS row
RETURN max(key) AS last, collect(row) AS rows
