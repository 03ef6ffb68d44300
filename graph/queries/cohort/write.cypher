// summary: Begin to write a cohort; the same again changes nothing.
// access: write
// params:
//   id: {type: STRING, doc: "name@version+hash.", example: "diabetes-hba1c@1+0a1b2c3d"}
//   props: {type: MAP, doc: "name, version, digest, definition, hash, flow, as_of, size, made, software", example: {}}
// returns: {id: its id}
MERGE (c:Cohort {id: $id})
ON CREATE SET c += $props, c.complete = false
RETURN c.id AS id
