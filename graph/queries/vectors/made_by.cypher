// summary: Say which model makes the vectors of an encoder.
// access: write
// params:
//   encoder: {type: STRING, doc: "letters or meaning.", example: letters}
//   model: {type: STRING, doc: Digest of the model., example: 0123456789abcdef}
//   names: {type: INTEGER, doc: Different names that it was fitted on; 0 for one that was fitted elsewhere., example: 1200}
//   software: {type: STRING, doc: Version of the platform., example: 0.1.0}
MERGE (e:Encoder {name: $encoder})
SET e.model = $model, e.names = $names, e.software = $software, e.made = datetime()
