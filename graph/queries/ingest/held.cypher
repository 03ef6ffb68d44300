// summary: Which of these keys the graph holds, and which version of each, all in one row, which is read faster than a row each.
// access: read
// params:
//   keys: {type: LIST<STRING>, doc: Keys of resources., example: [Patient/1]}
// returns: {held: "of each that is there: key, rank, url, urls, run, tomb, deleted and deleted_clock, as ingest.known says; versions (of a fact or an encounter, the ranks of all that were seen), and whether its own took the place of another"}
UNWIND $keys AS key
MATCH (n:Resource {key: key})
RETURN collect([n.key, n.rank, n.url, n.urls, n.run, n.tomb,
  CASE WHEN n.deleted IS NOT NULL THEN [n.deleted.epochSeconds, n.deleted.nanosecond] END, n.deleted_clock, n.versions, n.since IS NOT NULL]) AS held
