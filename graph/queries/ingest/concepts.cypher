// summary: Write codes that data say; of several displays the first in the alphabet stays, whatever the order of files.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "key, system, code and display of each concept", example: []}
UNWIND $rows AS row
MERGE (c:Concept {key: row.key})
ON CREATE SET c.system = row.system, c.code = row.code, c.display = row.display
ON MATCH SET c.display = CASE WHEN c.display <= row.display THEN c.display ELSE coalesce(row.display, c.display) END,
  c.listed = null
