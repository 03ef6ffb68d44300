// summary: Newest and superseded versions of facts and encounters with their texts and where each came from, all in one row, which is read faster than a row each.
// access: read
// params:
//   keys: {type: LIST<STRING>, doc: Keys of resources., example: [Observation/1]}
// returns:
//   versions: "of each: key of the resource; key of the version, that of the resource for the newest; its rank;
//     of the newest all versions that were seen, each with a sum over what it says; when it took the place of another, and when another took
//     its place or the resource was deleted (seconds and nanoseconds since 1970); when it became known, when the first version did, and when an encounter
//     was first known to be over where the newest version says another instant; when one that took the place of another
//     would have become known by its own clock; text of its JSON; file; line; index in the bundle; run that wrote
//     it; logical id; whether the text has no id of its own; version of FHIR (null for R4); lists of an address as a reference says it and the
//     key of what it was found to mean in its bundle"
UNWIND $keys AS of
CALL (of) {
  MATCH (n:Resource {key: of})
  RETURN n
  UNION
  MATCH (n:Resource) USING INDEX SEEK n:Resource(key)
  WHERE n.key STARTS WITH of + '/_history/' AND n:Superseded AND NOT n:Contained
  RETURN n
}
RETURN collect([of, n.key, n.rank, n.versions,
  CASE WHEN n.since IS NOT NULL THEN [n.since.epochSeconds, n.since.nanosecond] END,
  CASE WHEN n.deleted IS NOT NULL THEN [n.deleted.epochSeconds, n.deleted.nanosecond] END,
  CASE WHEN n.recorded IS NOT NULL THEN [n.recorded.epochSeconds, n.recorded.nanosecond] END,
  CASE WHEN n.first_recorded IS NOT NULL THEN [n.first_recorded.epochSeconds, n.first_recorded.nanosecond] END,
  CASE WHEN n.first_closed IS NOT NULL THEN [n.first_closed.epochSeconds, n.first_closed.nanosecond] END,
  CASE WHEN n.clocked IS NOT NULL THEN [n.clocked.epochSeconds, n.clocked.nanosecond] END,
  n.fhir, n.source, n.line, n.entry, n.run, n.id, n.assigned, n.fhir_version,
  COLLECT {
    MATCH (n)-[r]-(o)
    WHERE r.owner = n.key AND r.via IS NULL AND r.ref CONTAINS ':' AND o.key <> r.ref AND NOT o.key CONTAINS '?' AND NOT o:Contained
    RETURN DISTINCT [r.ref, o.key]
  } + COLLECT {
    WITH n WHERE n.fhir CONTAINS '"contained"'
    MATCH (c:Resource) USING INDEX SEEK c:Resource(key)
    WHERE c.key STARTS WITH n.key + '#'
    MATCH (c)-[r]-(o)
    WHERE r.owner = c.key AND r.via IS NULL AND r.ref CONTAINS ':' AND o.key <> r.ref AND NOT o.key CONTAINS '?' AND NOT o:Contained
    RETURN DISTINCT [r.ref, o.key]
  }]) AS versions
