// summary: How many patients of each gender there are.
// access: read
// returns: {gender: as recorded, patients: how many}
MATCH (p:Patient)
WHERE NOT p:Deleted
RETURN p.gender AS gender, count(*) AS patients
ORDER BY patients DESC, gender
