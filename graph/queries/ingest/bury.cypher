// summary: Put the label Deleted on resources whose deletion ranks above the version that is there, and take it off the others; contained parts go with them.
// access: write
// params:
//   keys: {type: LIST<STRING>, doc: Keys of resources that have been deleted at some time., example: [Patient/1]}
UNWIND $keys AS key
MATCH (n:Resource {key: key})
WHERE n.tomb IS NOT NULL
WITH n, n.tomb > coalesce(n.rank, '') AS gone
WITH n, gone, [n] + COLLECT {
  MATCH (c:Resource) WHERE c.key STARTS WITH n.key + '#' AND NOT c:Dangling RETURN c
} AS parts
FOREACH (_ IN CASE WHEN n:Encounter THEN [1] ELSE [] END | SET n:Unordered)
FOREACH (part IN CASE WHEN gone THEN parts ELSE [] END | SET part:Deleted, part.deleted = n.deleted)
FOREACH (part IN CASE WHEN gone THEN [] ELSE parts END | REMOVE part:Deleted)
