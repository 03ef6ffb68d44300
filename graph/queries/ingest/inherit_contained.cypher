// summary: Give contained parts without a time of their own the times of the resource that contains them.
// access: write
// params:
//   rows: {type: INTEGER, doc: Parts of one transaction., example: 5000}
// returns: {dated: how many}
MATCH (c:Undated:Contained)
WITH c, split(c.key, '#')[0] AS key
MATCH (n:Resource {key: key})
WHERE NOT n:Undated OR n.recorded IS NOT NULL
WITH c, n LIMIT $rows
WITH c, n, c.start IS NULL OR c.start_clock IS NOT NULL AS inherits
SET c.start = CASE WHEN inherits THEN n.start ELSE c.start END,
    c.start_clock = CASE WHEN inherits AND n.start IS NOT NULL THEN 'container' END,
    c.recorded = n.recorded, c.clock = 'container'
REMOVE c:Undated
RETURN count(*) AS dated
