// summary: Ingest runs by their ids, for an export as RDF.
// access: read
// params:
//   runs: {type: LIST<STRING>, doc: Ids of runs., example: []}
// returns:
//   element: the database's own id of the node
//   labels: its labels
//   props: its properties
//   open: whether something of it is not known yet
//   links: its relationships
UNWIND $runs AS run
MATCH (n:IngestRun {id: run})
RETURN elementId(n) AS element, labels(n) AS labels, n {.*} AS props, false AS open, [] AS links
