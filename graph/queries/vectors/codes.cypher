// summary: Codes that have a name, and which of their names already have a vector of one encoder.
// access: read
// params:
//   encoder: {type: STRING, doc: "letters or meaning.", example: letters}
// returns: {key: "system|code", name: what the data call it or else the classification, of: digest of the name whose vector is there; null for none}
MATCH (c:Concept)
WITH c, coalesce(c.display, c.name) AS name
WHERE name IS NOT NULL
OPTIONAL MATCH (v:CodeVector {key: c.key})
RETURN c.key AS key, name, v[$encoder + '_of'] AS of
