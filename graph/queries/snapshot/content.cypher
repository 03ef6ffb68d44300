// summary: How many resources of each type were known at an instant, and from which files they came.
// access: read
// params:
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
// returns: {type: FHIR type, source: name of the file, resources: how many}
MATCH (n:Resource)
WHERE n.type IS NOT NULL AND NOT n:Contained
  AND ($at IS NULL OR n.recorded <= $at OR (n.recorded IS NULL AND NOT n:Event AND NOT n:Encounter))
  AND (NOT n:Deleted OR n.deleted > $at)
RETURN n.type AS type, n.source AS source, count(*) AS resources
ORDER BY type, source
