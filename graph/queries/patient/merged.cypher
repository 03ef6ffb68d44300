// summary: The patients who were replaced, each with everyone who stays and whose record holds theirs; in a circle all stay, and each holds the others'.
// access: read
// params:
//   at: {type: ZONED DATETIME, doc: Who stays was not deleted at this instant; null for now., example: null, optional: true}
// returns: {patient: key, stays: key of one who stays, circle: whether both replace each other}
MATCH (q:Patient)-[:REPLACED_BY]->(:Patient)
WITH DISTINCT q
MATCH (q)-[:REPLACED_BY*1..10]->(p:Patient)
WITH DISTINCT q, p
WHERE p <> q AND p.type = 'Patient' AND (NOT p:Deleted OR p.deleted > $at)
  AND NOT EXISTS {
    MATCH (p)-[:REPLACED_BY*1..10]->(other:Patient)
    WHERE other <> p AND other.type = 'Patient' AND (NOT other:Deleted OR other.deleted > $at)
      AND NOT EXISTS { MATCH shortestPath((other)-[:REPLACED_BY*]->(p)) }
  }
RETURN q.key AS patient, p.key AS stays, EXISTS { MATCH shortestPath((p)-[:REPLACED_BY*]->(q)) } AS circle
ORDER BY patient, stays
