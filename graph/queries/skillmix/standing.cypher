// summary: "What a verdict rests on, in one read; an agent's evidence and the cases that concern it."
// access: read
// params:
//   agent: {type: STRING, doc: "Key of the agent.", example: "twin-admission-365d@0.1.0+0a1b2c3d"}
// returns:
//   known: Whether there is such an agent.
//   evidence: Its records, each with agent, date as text, and counts (text, n, events of every cell that has a count).
//   cases: Its cases with id, title, status, severity, current and at (indexes of their coordinates, own or of their predictions).
OPTIONAL MATCH (a:Agent {key: $agent})
RETURN a IS NOT NULL AS known,
       COLLECT {
         MATCH (a)-[:HAS_EVIDENCE]->(e:Evidence)
         RETURN e {
           .*,
           agent: a.key,
           date: toString(e.date),
           counts: COLLECT {
             MATCH (e)-[r:IN_CELL]->(k:Coordinate)
             RETURN {text: k.text, n: r.n, events: r.events} ORDER BY k.index
           }
         } AS record
         ORDER BY record.id
       } AS evidence,
       COLLECT {
         MATCH (a)<-[:CONCERNS]-(c:Case)
         RETURN c {
           .id, .title, .status, .severity, .current,
           at: COLLECT {
             MATCH (c)-[:AT]->(k:Coordinate) RETURN k.index
             UNION
             MATCH (c)-[:ABOUT]->(:Prediction)-[:AT]->(k:Coordinate) RETURN k.index
           }
         } AS seen
         ORDER BY seen.id
       } AS cases
