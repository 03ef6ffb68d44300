// summary: The snapshots that were kept, newest first, all or those whose id or digest begins so.
// access: read
// params:
//   id: {type: STRING, doc: Beginning of an id or digest; empty for all., example: ""}
// returns: {props: its properties}
MATCH (s:Snapshot)
WHERE s.id STARTS WITH $id OR s.digest STARTS WITH $id
RETURN s {.*, made: toString(s.made), as_of: toString(s.as_of)} AS props
ORDER BY s.made DESC, s.id
