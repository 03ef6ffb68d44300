// summary: Note how an ingest has ended.
// access: write
// params:
//   id: {type: STRING, doc: Id of the run., example: 20260101T000000-abc123}
//   props: {type: MAP, doc: "finished, status and counts", example: {}}
MATCH (r:IngestRun {id: $id})
SET r += $props
