// summary: Move references that were resolved back to their placeholder, a number of relationships at a time.
// access: write
// params:
//   from: {type: STRING, doc: Key of the reference., example: "Practitioner?identifier=a|b"}
//   old: {type: STRING, doc: Key of the resource that it meant., example: Practitioner/1}
//   rows: {type: INTEGER, doc: Relationships of one transaction., example: 5000}
// returns: {moved: how many}
MATCH (n:Resource {key: $old})-[r]-(o)
WHERE r.via = $from
WITH n, r, o LIMIT $rows
MERGE (p:Resource {key: $from})
ON CREATE SET p:Dangling
WITH n, r, o, p, r {.*, via: null} AS props
CALL (n, r, o, p, props) {
  WITH * WHERE startNode(r) = n
  CREATE (p)-[x:$(type(r))]->(o)
  SET x = props
  FOREACH (_ IN CASE type(r) WHEN 'HAS_ENCOUNTER' THEN [1] ELSE [] END | SET o:Unordered)
  UNION
  WITH * WHERE endNode(r) = n
  CREATE (o)-[x:$(type(r))]->(p)
  SET x = props
}
DELETE r
RETURN count(*) AS moved
