// summary: The indexes that no constraint owns.
// access: read
// returns:
//   name: Name of the index.
//   type: RANGE, FULLTEXT, VECTOR or LOOKUP.
//   labels: Labels that it covers.
//   properties: Properties that it covers.
//   state: ONLINE when it is ready.
SHOW INDEXES YIELD name, type, labelsOrTypes, properties, state, owningConstraint
WHERE owningConstraint IS NULL
RETURN name, type, labelsOrTypes AS labels, properties, state
ORDER BY name
