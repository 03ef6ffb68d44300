// summary: Some codes with their names, and how many facts and patients have them, in the order in which they are given.
// access: read
// params:
//   keys: {type: LIST<STRING>, doc: "system|code of each.", example: ["http://loinc.org|4548-4"]}
//   used: {type: BOOLEAN, doc: Only codes that facts have., example: false}
//   at: {type: ZONED DATETIME, doc: Only codes of facts known at this instant; null for all., example: null, optional: true}
//   closing: {type: LIST<STRING>, doc: "What is hidden until its matter is closed: type and property, type and path of a coded element.", example: [Encounter.hospitalization.dischargeDisposition]}
//   limit: {type: INTEGER, doc: Codes at most., example: 20}
// returns: {key: "system|code", display: its name, facts: how many resources have it, patients: how many patients have such a fact}
UNWIND range(0, size($keys) - 1) AS place
MATCH (c:Concept {key: $keys[place]})
WITH place, c, COUNT {
  MATCH (c)<-[r:CODED]-(f) WHERE ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at)
    AND ($at IS NULL OR f.closed <= $at OR NOT f.type + '.' + r.path IN $closing)
} AS facts
WHERE facts > 0 OR NOT ($used OR $at IS NOT NULL)
WITH place, c, facts ORDER BY place LIMIT $limit
RETURN c.key AS key, coalesce(c.display, c.name) AS display, facts, COUNT {
  MATCH (c)<-[r:CODED]-(f:Event)<-[:HAS_EVENT]-(p:Patient)
  WHERE ($at IS NULL OR f.recorded <= $at) AND (NOT f:Deleted OR f.deleted > $at)
    AND ($at IS NULL OR f.closed <= $at OR NOT f.type + '.' + r.path IN $closing)
  RETURN DISTINCT p
} AS patients
ORDER BY place
