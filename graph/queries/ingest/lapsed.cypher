// summary: Conditional references whose resource has that identifier no longer.
// access: read
// params:
//   type: {type: STRING, doc: FHIR type., example: Practitioner}
// returns: {from: key of the reference, old: key of the resource}
MATCH (a:Alias)
WHERE a.key STARTS WITH $type + '?'
OPTIONAL MATCH (n:Resource {key: a.to})
WITH a, substring(a.key, size($type + '?identifier=')) AS said, coalesce(n.identifiers, []) AS has
WHERE none(i IN has WHERE i = said OR substring(i, size(split(i, '|')[0]) + 1) = said)
RETURN a.key AS from, a.to AS old
