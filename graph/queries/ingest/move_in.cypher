// summary: Move references from placeholders to the resources they mean, a number of relationships at a time (those that end there).
// access: write
// params:
//   pairs: {type: LIST<MAP>, doc: "from (placeholder) and to (resource)", example: []}
//   rows: {type: INTEGER, doc: Relationships of one transaction., example: 5000}
// returns: {moved: how many}
UNWIND $pairs AS pair
MATCH (p:Resource {key: pair.from})<-[r]-(o)
WITH pair, r, o LIMIT $rows
MATCH (n:Resource {key: pair.to})
CREATE (o)-[x:$(type(r))]->(n)
SET x = properties(r), x.via = pair.from
DELETE r
RETURN count(*) AS moved
