// summary: Write codes that a classification lists; what the data said of them stays.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "key, system, code, name, level and condition (null but for categories) of each code", example: []}
// returns: {written: how many were not there, known: how many were there already}
UNWIND $rows AS row
OPTIONAL MATCH (old:Concept {key: row.key})
WITH row, old IS NULL AS fresh
MERGE (c:Concept {key: row.key})
ON CREATE SET c.system = row.system, c.code = row.code, c.listed = true
SET c.name = row.name, c.level = row.level, c.condition = row.condition
RETURN sum(CASE WHEN fresh THEN 1 ELSE 0 END) AS written, sum(CASE WHEN fresh THEN 0 ELSE 1 END) AS known
