// summary: Ingests that have not said that they ended.
// access: read
// params: {}
// returns: {id: id of the run, host: where it ran, pid: its process, started: when}
MATCH (r:IngestRun {status: 'running'})
RETURN r.id AS id, r.host AS host, r.pid AS pid, r.started AS started
