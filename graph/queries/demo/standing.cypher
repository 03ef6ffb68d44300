// summary: What the demo has left in the graph, to see which of its steps still stand.
// access: read
// params:
//   run: {type: STRING, doc: Id of the ingest run of the demo data., example: 20260101T000000-abc123}
//   predictions: {type: LIST<STRING>, doc: Ids of the demo's predictions., example: []}
//   case: {type: STRING, doc: Id of the demo's case., example: CWM-2026-0001}
// returns:
//   loaded: whether that ingest run finished
//   predictions: how many of those predictions are there
//   filed: whether that case is there
//   patients: patients in the graph
//   encounters: encounters in the graph
//   events: facts in the graph
//   resources: resources in the graph
RETURN EXISTS { MATCH (:IngestRun {id: $run, status: 'finished'}) } AS loaded,
  COUNT { MATCH (p:Prediction) WHERE p.id IN $predictions } AS predictions,
  EXISTS { MATCH (:Case {id: $case}) } AS filed,
  COUNT { MATCH (p:Patient) WHERE p.type = 'Patient' } AS patients,
  COUNT { MATCH (:Encounter) } AS encounters,
  COUNT { MATCH (:Event) } AS events,
  COUNT { MATCH (:Resource) } AS resources
