// summary: The uniqueness constraints.
// access: read
// returns:
//   name: Name of the constraint.
//   labels: Label that it is about.
//   properties: Properties that are unique together.
SHOW CONSTRAINTS YIELD name, labelsOrTypes, properties
RETURN name, labelsOrTypes AS labels, properties
ORDER BY name
