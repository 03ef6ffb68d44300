// summary: Write to which code of ICD-10-CM a code of another system leads, and how we know.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "keys of the code (a) and of what it leads to (b), source, relation and rule", example: []}
//   edition: {type: STRING, doc: What was loaded; older editions are taken away afterwards., example: "2026-04-01"}
// returns: {links: how many rows found both codes}
UNWIND $rows AS row
MATCH (a:Concept {key: row.a})
MATCH (b:Concept {key: row.b})
MERGE (a)-[r:MAPS_TO]->(b)
SET r.source = row.source, r.relation = row.relation, r.rule = row.rule, r.edition = $edition
RETURN count(*) AS links
