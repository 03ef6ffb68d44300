// summary: Keys of all patients, in order; the start of a task's cohort. One who was replaced by another is part of that one.
// access: read
// returns: {patient: key of the patient}
MATCH (p:Patient) WHERE p.type = 'Patient' AND NOT p:Deleted
  AND NOT EXISTS {
    MATCH (p)-[:REPLACED_BY]->(other:Patient)
    WHERE NOT other:Deleted AND NOT EXISTS { (other)-[:REPLACED_BY*1..10]->(p) }
  }
RETURN p.key AS patient ORDER BY patient
