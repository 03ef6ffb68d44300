// summary: References whose target is not in the graph, as `Type -> target`, with how often.
// access: read
// params:
//   rows: {type: INTEGER, doc: How many to show., example: 20}
// returns: {owner: type of the resource that refers, target: what it refers to, references: how often}
MATCH (p:Dangling)-[r]-() USING SCAN p:Dangling
WITH split(r.owner, '/')[0] AS owner, p.key AS target, count(*) AS references
RETURN owner, target, references ORDER BY references DESC, owner, target LIMIT $rows
