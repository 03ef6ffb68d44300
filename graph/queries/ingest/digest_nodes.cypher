// summary: Every resource and concept with its labels and properties, for a digest of the graph.
// access: read
// params: {}
// returns: {labels: its labels, props: "its properties without text, place and run"}
MATCH (n:Resource|Concept)
RETURN labels(n) AS labels, n {.*, start: toString(n.start), end: toString(n.end), recorded: toString(n.recorded), closed: toString(n.closed), since: toString(n.since), first_recorded: toString(n.first_recorded), first_closed: toString(n.first_closed), clocked: toString(n.clocked),
  fhir: null, source: null, line: null, entry: null, run: null, assigned: null} AS props
