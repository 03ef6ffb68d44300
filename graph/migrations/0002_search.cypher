// What people look for: a patient by id or by words of the name, encounters by their start.
// Few on purpose: every index on a label that ingest writes makes ingest slower.
CREATE INDEX patient_id IF NOT EXISTS FOR (n:Patient) ON (n.id);
CREATE INDEX encounter_start IF NOT EXISTS FOR (n:Encounter) ON (n.start);
CREATE FULLTEXT INDEX patient_text IF NOT EXISTS FOR (n:Patient) ON EACH [n.name, n.id];
