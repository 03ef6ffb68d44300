// summary: "Which orders name the very substance to which the patient was known to be allergic when they were written?"
// access: read
// audience: clinician
// params:
//   patient: {type: STRING, doc: Key of the patient., example: Patient/ann}
// returns:
//   order: "Key of the order."
//   medicine: "The medicine."
//   ordered: "When it was ordered."
//   allergy: "Key of the allergy."
MATCH (p:Patient {key: $patient})-[:HAS_EVENT]->(a:AllergyIntolerance) WHERE NOT a:Deleted
  AND NOT coalesce(a.verification IN ['entered-in-error', 'refuted'], false)
MATCH (p)-[:HAS_EVENT]->(m:MedicationRequest) WHERE coalesce(m.first_recorded, m.recorded) >= coalesce(a.first_recorded, a.recorded) AND NOT m:Deleted AND NOT coalesce(m.status = 'entered-in-error', false)
OPTIONAL MATCH (m)-[:MEDICATION]->(d:Medication)
WITH a, m, coalesce(m.display, min(d.display)) AS medicine, collect(d.codes) AS named
WHERE any(code IN a.codes WHERE code IN coalesce(m.codes, []) OR any(codes IN named WHERE code IN codes))
RETURN m.key AS order, medicine, coalesce(m.first_recorded, m.recorded) AS ordered, a.key AS allergy
ORDER BY ordered, order, allergy
