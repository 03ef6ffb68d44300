// summary: What waits to be resolved, by the type that a search names or as addresses, and the types that were resolved before.
// access: read
// params: {}
// returns: {type: type that the searches name; null for addresses}
MATCH (p:Dangling)
WHERE p.key CONTAINS '?identifier=' OR p.key STARTS WITH 'urn:' OR p.key CONTAINS '://'
RETURN CASE WHEN p.key CONTAINS '?identifier=' THEN split(p.key, '?')[0] END AS type
UNION
MATCH (a:Alias)
WHERE a.key CONTAINS '?identifier='
RETURN split(a.key, '?')[0] AS type
