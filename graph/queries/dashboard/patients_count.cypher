// summary: How many patients the list has for a search.
// access: read
// params:
//   text: {type: STRING, doc: "Part of a name, an id or an identifier in lower case; empty for all.", example: ""}
// returns:
//   patients: Their number.
MATCH (p:Patient)
WHERE NOT p:Deleted AND ($text = '' OR toLower(coalesce(p.name, '')) CONTAINS $text OR toLower(p.id) CONTAINS $text
   OR any(i IN coalesce(p.identifiers, []) WHERE toLower(split(i, '|')[-1]) = $text))
RETURN count(p) AS patients
