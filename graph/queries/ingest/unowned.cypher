// summary: Clear the mark of changed encounters that belong to no patient.
// access: write
// params: {}
MATCH (e:Unordered)
WHERE NOT EXISTS { (e)<-[:HAS_ENCOUNTER]-() }
REMOVE e:Unordered
