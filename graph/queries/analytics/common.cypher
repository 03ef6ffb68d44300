// summary: The main codes that most patients have among the facts of one type, as known at an instant.
// access: read
// params:
//   type: {type: STRING, doc: FHIR type of the facts., example: Condition}
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
//   limit: {type: INTEGER, doc: Codes at most., example: 10}
// returns: {code: "system|code", display: its name, patients: how many have it, facts: how often it is there}
MATCH (p:Patient)-[:HAS_EVENT]->(f:Event)
WHERE f.type = $type AND f.code IS NOT NULL AND ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at) AND NOT coalesce(f.verification IN ['entered-in-error', 'refuted'], false)
  AND NOT coalesce(f.status = 'entered-in-error' AND ($at IS NULL OR f.closed IS NULL OR f.closed <= $at), false)
RETURN f.system + '|' + f.code AS code, min(f.display) AS display, count(DISTINCT p) AS patients, count(*) AS facts
ORDER BY patients DESC, facts DESC, code
LIMIT $limit
