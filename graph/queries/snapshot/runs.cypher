// summary: The ingest runs of this graph, in order of time.
// access: read
// returns: {id: id of the run, status: finished or how it ended, written: resources it wrote}
MATCH (r:IngestRun)
RETURN r.id AS id, r.status AS status, r.written AS written
ORDER BY r.started, id
