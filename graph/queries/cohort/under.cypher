// summary: The codes of a hierarchy, these and all that lie under them.
// access: read
// params:
//   codes: {type: LIST<STRING>, doc: Keys of concepts., example: ["http://snomed.info/sct|59621000"]}
// returns: {key: key of a concept}
UNWIND $codes AS top
MATCH (:Concept {key: top})<-[:IS_A*0..30]-(c:Concept)
RETURN DISTINCT c.key AS key
ORDER BY key
