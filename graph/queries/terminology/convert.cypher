// summary: Write how numbers of a unit become numbers of its canonical unit, in place of another one of an earlier edition.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "keys of the unit as written (a) and of the canonical unit (b) with their codes, factor and offset", example: []}
//   system: {type: STRING, doc: Address of UCUM., example: "http://unitsofmeasure.org"}
// returns: {links: how many}
UNWIND $rows AS row
MERGE (a:Concept {key: row.a}) ON CREATE SET a.system = $system, a.code = row.code, a.listed = true
MERGE (b:Concept {key: row.b}) ON CREATE SET b.system = $system, b.code = row.canonical, b.listed = true
MERGE (a)-[r:CONVERTS_TO]->(b)
WITH row, a, b, r
CALL (a, b) {
  MATCH (a)-[old:CONVERTS_TO]->(other) WHERE other <> b
  DELETE old
}
SET r.factor = row.factor, r.offset = row.offset
RETURN count(*) AS links
