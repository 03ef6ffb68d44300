// summary: The properties of the nodes of one label, from a sample.
// access: read
// params:
//   label: {type: STRING, doc: Label of the nodes., example: Patient}
//   sample: {type: INTEGER, doc: Nodes that are looked at., example: 1000}
// returns:
//   property: Name of the property.
//   types: Cypher types of its values.
//   nodes: How many nodes of the sample have it.
MATCH (n:$($label))
WITH n LIMIT $sample
UNWIND keys(n) AS property
RETURN property, collect(DISTINCT replace(valueType(n[property]), ' NOT NULL', '')) AS types, count(*) AS nodes
ORDER BY property
