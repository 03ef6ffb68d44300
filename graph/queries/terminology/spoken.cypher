// summary: Codes that the data have said, of certain code systems.
// access: read
// params:
//   systems: {type: LIST<STRING>, doc: "addresses of code systems", example: ["http://snomed.info/sct"]}
// returns: {key: "system|code", system: address of its system, code: the code}
MATCH (c:Concept)
WHERE c.system IN $systems AND c.listed IS NULL
RETURN c.key AS key, c.system AS system, c.code AS code
