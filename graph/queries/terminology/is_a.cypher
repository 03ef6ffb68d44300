// summary: Write which code lies in which.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "keys of the narrower (a) and the wider code (b)", example: []}
//   source: {type: STRING, doc: Where the hierarchy is from., example: icd-10-cm}
//   edition: {type: STRING, doc: What was loaded; older editions are taken away afterwards., example: "2026-04-01"}
// returns: {links: how many rows found both codes}
UNWIND $rows AS row
MATCH (a:Concept {key: row.a})
MATCH (b:Concept {key: row.b})
MERGE (a)-[r:IS_A {source: $source}]->(b)
SET r.edition = $edition
RETURN count(*) AS links
