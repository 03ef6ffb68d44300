// summary: Whom a prediction is about, for the link from a case to the patient's page.
// access: read
// params:
//   id: {type: STRING, doc: "Id of the prediction.", example: "0000"}
// returns:
//   id: Id of the prediction.
//   patient: Key of the patient.
MATCH (d:Prediction {id: $id})-[:ABOUT]->(p:Patient)
RETURN d.id AS id, p.key AS patient
