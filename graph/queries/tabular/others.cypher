// summary: Resources with keys that begin so which are of another release of their data set than one, by the instant in their rank.
// access: read
// params:
//   prefix: {type: STRING, doc: How their keys begin., example: "Observation/omop-5e1f09ab-measurement-"}
//   moment: {type: STRING, doc: The instant of the release as ranks write it., example: "2024-02-01T00:00:00.000000Z"}
// returns: {key: key, earlier: true for an earlier release and false for a later one}
MATCH (n:Resource)
WHERE n.key STARTS WITH $prefix AND n.rank IS NOT NULL AND NOT n:Deleted AND NOT n.rank STARTS WITH $moment
RETURN n.key AS key, n.rank < $moment AS earlier
ORDER BY key
