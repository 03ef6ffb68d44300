// summary: The models that made the vectors of this graph.
// access: read
// returns: {encoder: letters or meaning, model: its digest, names: "different names that it was fitted on; 0 for one that was fitted elsewhere", software: version of the platform that made it, made: when}
MATCH (e:Encoder)
RETURN e.name AS encoder, e.model AS model, e.names AS names, e.software AS software, toString(e.made) AS made
ORDER BY encoder
