// summary: Codes that lie in a code or lead to one that does, with how many facts have each.
// access: read
// params:
//   key: {type: STRING, doc: "A code as system|code; ICD-10-CM has chapters (9), blocks (I20-I25) and categories (I25).", example: "http://hl7.org/fhir/sid/icd-10-cm|I25"}
// returns:
//   system: address of its system
//   code: the code
//   name: its name in the classification, or what the data call it
//   level: chapter, block, category or code of ICD-10-CM; null for other systems
//   relation: "how it leads there: null for codes of the same hierarchy, else the relation of the mapping"
//   facts: facts coded with it
MATCH (t:Concept {key: $key})
MATCH (t)<-[:IS_A*0..14]-(inside:Concept)
WITH DISTINCT inside
CALL (inside) {
  RETURN inside AS c, null AS relation
  UNION
  MATCH (inside)<-[m:MAPS_TO]-(other:Concept)
  RETURN other AS c, m.relation AS relation
}
WITH c, head(collect(relation)) AS relation
RETURN c.system AS system, c.code AS code, coalesce(c.name, c.display) AS name, c.level AS level, relation,
  COUNT { (c)<-[k:CODED]-(n:Resource) WHERE k.path = 'code' AND NOT n:Deleted } AS facts
ORDER BY system, code
