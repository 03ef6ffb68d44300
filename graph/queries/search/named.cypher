// summary: Some patients, people who care, places and things with their names, in the order in which they are given.
// access: read
// params:
//   keys: {type: LIST<STRING>, doc: Key of each., example: ["Organization/1"]}
//   limit: {type: INTEGER, doc: Resources at most., example: 20}
// returns: {key: key, type: FHIR type, name: its name}
UNWIND range(0, size($keys) - 1) AS place
MATCH (n:Resource {key: $keys[place]})
WHERE NOT n:Deleted
WITH place, n ORDER BY place LIMIT $limit
RETURN n.key AS key, n.type AS type, n.name AS name
ORDER BY place
