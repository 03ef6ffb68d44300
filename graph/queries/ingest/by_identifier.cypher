// summary: The resources that conditional references mean, by one scan over the type; several for one reference means it is ambiguous. Deleted ones count only where there is no other.
// access: read
// params:
//   type: {type: STRING, doc: FHIR type., example: Practitioner}
// returns: {from: key of the reference, to: keys of the resources with that identifier, old: what it meant before, waiting: true where references wait}
MATCH (n:Resource)
WHERE n.key STARTS WITH $type + '/' AND n.identifiers IS NOT NULL AND NOT n:Contained AND NOT n:Superseded
UNWIND n.identifiers AS identifier
UNWIND [identifier, substring(identifier, size(split(identifier, '|')[0]) + 1)] AS said
WITH n, $type + '?identifier=' + said AS key
OPTIONAL MATCH (p:Resource {key: key})
OPTIONAL MATCH (a:Alias {key: key})
WITH n, key, p, a
WHERE p IS NOT NULL OR a IS NOT NULL
WITH key, max(a.to) AS old, count(p) > 0 AS waiting,
  collect(DISTINCT n.key) AS all, collect(DISTINCT CASE WHEN NOT n:Deleted THEN n.key END) AS live
RETURN key AS from, CASE live WHEN [] THEN all ELSE live END AS to, old, waiting
