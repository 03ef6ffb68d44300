// summary: Nodes by their elements, with their relationships, as known at an instant, for an export as RDF.
// access: read
// params:
//   elements: {type: LIST<STRING>, doc: The database's own ids of nodes., example: []}
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
// returns:
//   element: the database's own id of the node
//   labels: its labels
//   props: "its properties; start, end, recorded and closed as text; without the FHIR text"
//   open: whether its closing fields are not known yet
//   links: "its relationships: type, properties, and element, labels and key of the node they lead to"
UNWIND $elements AS element
MATCH (n)
WHERE elementId(n) = element AND (NOT n:Deleted OR n.deleted > $at) AND ($at IS NULL OR NOT n:Dangling) AND ($at IS NULL OR coalesce(coalesce(n.recorded, n.made, n.filed, datetime(toString(n.date)) + duration({days: 1})) <= $at, NOT n:Event AND NOT n:Encounter))
  AND ($at IS NULL OR NOT n:Contained OR EXISTS { MATCH (c:Resource {key: split(n.key, '#')[0]}) WHERE c.recorded <= $at OR (c.recorded IS NULL AND NOT c:Event AND NOT c:Encounter) })
CALL (n) {
  CALL (n) {
    MATCH (n)-[r]->(m)
    RETURN r, m
    UNION
    // What others say of it stands at its newest version.
    WITH * WHERE n:Superseded
    MATCH (now:Resource {key: n.of})-[r]->(m)
    WHERE r.owner <> n.of OR type(r) = 'NEXT'
    RETURN r, m
  }
  WITH r, m
  // What is referred to may be another version than the one that was known then: its name is the same.
  WHERE ((NOT m:Deleted OR m.deleted > $at) AND ($at IS NULL OR NOT m:Dangling) AND ($at IS NULL OR coalesce(coalesce(m.recorded, m.made, m.filed, datetime(toString(m.date)) + duration({days: 1})) <= $at, NOT m:Event AND NOT m:Encounter))
    // Its own statements are those of the version that was known.
    OR m.since > $at AND coalesce(r.owner <> m.key, true) AND EXISTS { MATCH (v:Resource) USING INDEX SEEK v:Resource(key) WHERE v.key STARTS WITH split(m.key, '#')[0] + '/_history/' AND v.of = m.key AND v.recorded <= $at AND v.deleted > $at }
    OR m:Superseded AND type(r) = 'BECAUSE')
    AND ($at IS NULL OR coalesce(r.recorded <= $at, true))
  RETURN collect([type(r), properties(r), elementId(m), labels(m), coalesce(m.of, m.key, m.id, toString(m.index))]) AS links
}
RETURN elementId(n) AS element, labels(n) AS labels,
  n {.*, key: coalesce(n.of, n.key), of: null, versions: null, fhir: null, since: toString(n.since), first_recorded: toString(n.first_recorded), clocked: null, first_closed: CASE WHEN $at IS NULL THEN toString(n.first_closed) END, start: toString(n.start), end: toString(n.end), recorded: toString(n.recorded), closed: toString(n.closed)} AS props,
  $at IS NOT NULL AND NOT coalesce(n.closed <= $at, false) AS open, links
