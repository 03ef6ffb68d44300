// summary: "Which references lead to something that never arrived?"
// access: read
// audience: safety
// returns:
//   type: "FHIR type of what refers."
//   relationship: "Name of the relationship."
//   references: "How many."
MATCH (d:Dangling)-[r]-(n:Resource) WHERE n.type IS NOT NULL AND NOT n:Deleted
RETURN n.type AS type, type(r) AS relationship, count(*) AS references
ORDER BY type, relationship
