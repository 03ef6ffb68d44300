// summary: The FHIR types in the graph, contained parts left out.
// access: read
// returns: {type: FHIR type, resources: how many}
MATCH (n:Resource)
WHERE n.type IS NOT NULL AND NOT n:Contained AND NOT n:Dangling
RETURN n.type AS type, count(*) AS resources
ORDER BY type
