// summary: A page of codes in the order of their keys, with their names and the codes right above them.
// access: read
// params:
//   after: {type: STRING, doc: Key after which the page begins; empty for the first page., example: ""}
//   size: {type: INTEGER, doc: Codes at most., example: 5000}
// returns: {key: "system|code", display: its name, parents: keys of those right above}
MATCH (c:Concept)
WHERE c.key > $after
WITH c ORDER BY c.key LIMIT $size
RETURN c.key AS key, c.display AS display, [(c)-[:IS_A]->(up:Concept) | up.key] AS parents
ORDER BY key
