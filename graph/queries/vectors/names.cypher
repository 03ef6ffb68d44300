// summary: People who care, places and things that have a name, and which names already have a vector of one encoder. Never patients.
// access: read
// params:
//   encoder: {type: STRING, doc: "letters or meaning.", example: letters}
// returns: {key: key, name: its name, of: digest of the name whose vector is there; null for none}
MATCH (n:Provider|Ecosystem)
WHERE n:Resource AND n.name IS NOT NULL AND NOT n:Deleted AND NOT n:Dangling
OPTIONAL MATCH (v:NameVector {key: n.key})
RETURN n.key AS key, n.name AS name, v[$encoder + '_of'] AS of
