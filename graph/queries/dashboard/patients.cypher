// summary: One page of the list of patients, with age at the last visit and the gate's latest answer.
// access: read
// params:
//   text: {type: STRING, doc: "Part of a name, an id or an identifier in lower case; empty for all.", example: ""}
//   sort: {type: STRING, doc: "name, id, birth or seen.", example: name}
//   descending: {type: BOOLEAN, doc: "Whether the order is turned around.", example: false}
//   skip: {type: INTEGER, doc: "Patients to pass over.", example: 0}
//   limit: {type: INTEGER, doc: "Patients at most.", example: 25}
// returns:
//   key: Key of the patient.
//   id: Logical id.
//   name: Name, or null.
//   gender: Gender as recorded, or null.
//   birth: Date of birth as given, or null.
//   population: synthetic or real.
//   deceased: When the patient died, or null.
//   encounters: Number of encounters.
//   seen: Start of the last encounter, or null.
//   prediction: The latest prediction's task, agent, released and index_time, or null.
MATCH (p:Patient)
WHERE NOT p:Deleted AND ($text = '' OR toLower(coalesce(p.name, '')) CONTAINS $text OR toLower(p.id) CONTAINS $text
   OR any(i IN coalesce(p.identifiers, []) WHERE toLower(split(i, '|')[-1]) = $text))
WITH p, CASE $sort
    WHEN 'id' THEN p.id
    WHEN 'birth' THEN p.birth
    WHEN 'seen' THEN toString(head(COLLECT { MATCH (p)-[:HAS_ENCOUNTER]->(e) WHERE e.start IS NOT NULL AND NOT e:Deleted RETURN e.start ORDER BY e.start DESC LIMIT 1 }))
    ELSE toLower(p.name)
  END AS rank
ORDER BY rank IS NULL, CASE WHEN $descending THEN rank END DESC, CASE WHEN NOT $descending THEN rank END, p.key
SKIP $skip LIMIT $limit
RETURN p.key AS key, p.id AS id, p.name AS name, p.gender AS gender, p.birth AS birth, p.population AS population,
  p.deceased AS deceased, COUNT { (p)-[:HAS_ENCOUNTER]->(e) WHERE NOT e:Deleted } AS encounters,
  head(COLLECT { MATCH (p)-[:HAS_ENCOUNTER]->(e) WHERE e.start IS NOT NULL AND NOT e:Deleted RETURN e.start ORDER BY e.start DESC LIMIT 1 }) AS seen,
  head(COLLECT {
    MATCH (p)<-[:ABOUT]-(d:Prediction)-[:MADE_BY]->(a:Agent)
    WITH d, a ORDER BY d.released DESC, d.made DESC LIMIT 1
    RETURN {task: d.task, agent: a.name, released: d.released, index_time: d.index_time}
  }) AS prediction
