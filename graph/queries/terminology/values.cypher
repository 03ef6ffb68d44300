// summary: Numbers of one code in the unit in which they can be compared, with the original beside them.
// access: read
// params:
//   key: {type: STRING, doc: "A code as system|code.", example: "http://loinc.org|8480-6"}
//   limit: {type: INTEGER, doc: Rows at most., example: 100}
// returns:
//   fact: key of the fact
//   start: when it held
//   value: the number as it was said
//   unit: its unit as it was written
//   value_canonical: the number in the canonical unit; null where the unit is not understood
//   unit_canonical: the canonical unit
MATCH (c:Concept {key: $key})<-[k:CODED]-(n:Observation)
WHERE k.path = 'code' AND n.value IS NOT NULL AND NOT n:Deleted
WITH n ORDER BY n.key LIMIT $limit
OPTIONAL MATCH (u:Concept {key: 'http://unitsofmeasure.org|' + n.unit})-[to:CONVERTS_TO]->(t:Concept)
RETURN n.key AS fact, n.start AS start, n.value AS value, n.unit AS unit,
  n.value * to.factor + to.offset AS value_canonical, t.code AS unit_canonical
