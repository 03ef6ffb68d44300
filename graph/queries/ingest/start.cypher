// summary: Note that an ingest has begun.
// access: write
// params:
//   id: {type: STRING, doc: Id of the run., example: 20260101T000000-abc123}
//   props: {type: MAP, doc: "started, host, pid, files", example: {}}
MERGE (r:IngestRun {id: $id})
SET r += $props, r.status = 'running'
