// summary: Which of the things that a case wants to link are not in the graph.
// access: read
// params:
//   agent: {type: STRING, doc: Key of the agent., example: "twin@1", optional: true}
//   predictions: {type: LIST<STRING>, doc: Ids of predictions., example: []}
//   evidence: {type: LIST<STRING>, doc: Ids of evidence., example: []}
// returns:
//   kind: agent, prediction or evidence
//   id: what was asked for
UNWIND [{kind: 'agent', id: $agent}] + [p IN $predictions | {kind: 'prediction', id: p}] + [e IN $evidence | {kind: 'evidence', id: e}] AS want
WITH want WHERE want.id IS NOT NULL
  AND NOT (want.kind = 'agent' AND EXISTS { MATCH (a:Agent {key: want.id}) })
  AND NOT (want.kind = 'prediction' AND EXISTS { MATCH (p:Prediction {id: want.id}) })
  AND NOT (want.kind = 'evidence' AND EXISTS { MATCH (e:Evidence {id: want.id}) })
RETURN want.kind AS kind, want.id AS id
