// summary: Which of these keys the graph holds, and which version of each; a placeholder has no rank.
// access: read
// params:
//   keys: {type: LIST<STRING>, doc: Keys of resources., example: [Patient/1]}
// returns: {key: the key, rank: rank of the version that is there, url: its fullUrl, run: run that wrote it}
UNWIND $keys AS key
MATCH (n:Resource {key: key})
RETURN n.key AS key, n.rank AS rank, n.url AS url, n.run AS run
