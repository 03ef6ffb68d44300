// summary: Units of the numbers in the graph, those of components too, as they are written.
// access: read
// params: {}
// returns: {unit: as written, numbers: how many}
MATCH (n:Observation)
WHERE NOT n:Deleted
WITH [n.unit] + coalesce(n.component_units, []) AS units
UNWIND units AS unit
WITH unit WHERE unit IS NOT NULL AND unit <> ''
RETURN unit, count(*) AS numbers
ORDER BY numbers DESC, unit
