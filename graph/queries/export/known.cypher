// summary: The text of resources that were known at an instant, in the order of their keys, all, of one type, of some patients, those they replaced and what they refer to, or the rest.
// access: read
// params:
//   at: {type: ZONED DATETIME, doc: The instant; null for everything., example: null, optional: true}
//   type: {type: STRING, doc: FHIR type; null for all., example: Patient, optional: true}
//   patients: {type: LIST<STRING>, doc: Keys of patients; null for all resources., example: [Patient/1], optional: true}
//   apart: {type: BOOLEAN, doc: "Only what is of no patient, and what nothing of a patient refers to.", example: false}
//   linked: {type: BOOLEAN, doc: Whether to say what references were found to mean., example: false}
// returns:
//   type: FHIR type
//   key: its key
//   fhir: text of its JSON
//   url: fullUrl it came with or null
//   open: whether its closing fields were not known
//   patients: keys of the patients it is about
//   links: "lists: key of the resource or contained part that holds a reference, path, text as written, key of the resource that it was found to mean"
CALL () {
  WITH * WHERE $patients IS NULL
  MATCH (n:Resource)
  WHERE n.key STARTS WITH coalesce($type + '/', '')
  RETURN n
  UNION
  WITH * WHERE $patients IS NOT NULL
  UNWIND $patients AS key
  MATCH (:Patient {key: key})<-[:REPLACED_BY*0..10]-(p)
  WITH DISTINCT p
  CALL (p) {
    RETURN p AS m
    UNION
    MATCH (p)-[r]-(m:Resource)
    WHERE r.owner = m.key OR r.owner = p.key
    RETURN m
  }
  CALL (m) {
    RETURN m AS n
    UNION
    MATCH (m)-[r]-(n:Resource)
    WHERE r.owner = m.key AND NOT n:Patient AND NOT n:Event AND NOT n:Encounter
      AND ($at IS NULL OR m.recorded <= $at OR (m.recorded IS NULL AND NOT m:Event AND NOT m:Encounter))
      AND (NOT m:Deleted OR m.deleted > $at)
    RETURN n
  }
  RETURN n
}
WITH DISTINCT n
WHERE n.fhir IS NOT NULL AND NOT n:Contained AND n.key STARTS WITH coalesce($type + '/', '')
  AND ($at IS NULL OR n.recorded <= $at OR (n.recorded IS NULL AND NOT n:Event AND NOT n:Encounter))
  AND (NOT n:Deleted OR n.deleted > $at)
  AND (NOT $apart OR NOT (n:Patient OR EXISTS {
    MATCH (n)-[r]-(p:Patient)
    WHERE (r.owner = n.key OR r.owner = p.key) AND p.type IS NOT NULL AND NOT p:Contained AND (NOT p:Deleted OR p.deleted > $at)
  } OR NOT n:Event AND NOT n:Encounter AND EXISTS {
    MATCH (n)-[r]-(m:Resource)-[s]-(p:Patient)
    WHERE r.owner = m.key AND (s.owner = m.key OR s.owner = p.key)
      AND p.type IS NOT NULL AND NOT p:Contained AND (NOT p:Deleted OR p.deleted > $at)
      AND ($at IS NULL OR m.recorded <= $at OR (m.recorded IS NULL AND NOT m:Event AND NOT m:Encounter))
      AND (NOT m:Deleted OR m.deleted > $at)
  }))
WITH n ORDER BY n.key
WITH n, COLLECT { MATCH (n)-[r]-(t:Resource) WHERE r.owner = n.key RETURN [coalesce(n.of, n.key), r.path, r.ref, t.key, t:Patient, t.type] } AS own
RETURN n.type AS type, coalesce(n.of, n.key) AS key, n.fhir AS fhir,
  CASE WHEN n:Superseded THEN head(COLLECT { MATCH (now:Resource {key: n.of}) RETURN coalesce(now.url, head(now.urls)) }) ELSE n.url END AS url,
  $at IS NOT NULL AND NOT coalesce(n.closed <= $at, false) AS open,
  CASE WHEN n:Patient THEN [n.key] ELSE COLLECT { UNWIND own AS x WITH x WHERE x[4] RETURN DISTINCT x[3] } END AS patients,
  CASE WHEN NOT $linked THEN [] ELSE [x IN own WHERE x[5] IS NOT NULL | x[..4]] + COLLECT {
    WITH n WHERE n.fhir CONTAINS '"contained"'
    MATCH (o:Resource) WHERE o.key STARTS WITH n.key + '#'
    MATCH (o)-[r]-(t:Resource) WHERE r.owner = o.key AND t.type IS NOT NULL
    RETURN [coalesce(o.of, o.key), r.path, r.ref, t.key]
  } END AS links
ORDER BY key
