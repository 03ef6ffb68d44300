// summary: All versions of one case, oldest first; nothing is ever deleted.
// access: read
// params:
//   id: {type: STRING, doc: The case's id., example: CWM-2026-0001}
// returns:
//   n: number of the version
//   json: the report
//   filed: when
//   by: who
//   note: why
//   status: the case's status from then on
MATCH (:Case {id: $id})-[:HAS_VERSION]->(v:CaseVersion)
RETURN v.n AS n, v.json AS json, toString(v.filed) AS filed, v.by AS by, v.note AS note, v.status AS status
ORDER BY n
