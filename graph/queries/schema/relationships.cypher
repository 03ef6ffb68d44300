// summary: Every type of relationship with its number.
// access: read
// returns:
//   type: Type of the relationship.
//   count: How many there are.
MATCH ()-[r]->()
RETURN type(r) AS type, count(*) AS count
ORDER BY count DESC, type
