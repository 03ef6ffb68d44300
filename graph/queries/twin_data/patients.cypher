// summary: Keys of all patients, in order; the start of a task's cohort. One who was replaced by another is part of that one.
// access: read
// returns: {patient: key of the patient}
MATCH (p:Patient) WHERE p.type = 'Patient' AND NOT p:Deleted
  AND NOT EXISTS {
    MATCH (p)-[:REPLACED_BY*1..10]->(other:Patient)
    WHERE other <> p AND other.type = 'Patient' AND NOT other:Deleted
      AND NOT EXISTS { MATCH shortestPath((other)-[:REPLACED_BY*]->(p)) }
  }
RETURN p.key AS patient ORDER BY patient
