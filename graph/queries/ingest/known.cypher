// summary: Which of these keys the graph holds, and which version of each; a placeholder has no rank.
// access: read
// params:
//   keys: {type: LIST<STRING>, doc: Keys of resources., example: [Patient/1]}
// returns:
//   key: the key
//   rank: rank of the version that is there
//   url: its fullUrl
//   urls: others under which it came
//   run: run that wrote it
//   tomb: rank of its deletion, if it was ever deleted
//   deleted: when that was, in seconds and nanoseconds since 1970
//   deleted_clock: where that was said
UNWIND $keys AS key
MATCH (n:Resource {key: key})
RETURN n.key AS key, n.rank AS rank, n.url AS url, n.urls AS urls, n.run AS run,
  n.tomb AS tomb, CASE WHEN n.deleted IS NOT NULL THEN [n.deleted.epochSeconds, n.deleted.nanosecond] END AS deleted, n.deleted_clock AS deleted_clock
