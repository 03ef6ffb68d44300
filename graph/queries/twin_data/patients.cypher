// summary: Keys of all patients, in order; the start of a task's cohort.
// access: read
// returns: {patient: key of the patient}
MATCH (p:Patient) WHERE p.type = 'Patient' AND NOT p:Deleted
RETURN p.key AS patient ORDER BY patient
