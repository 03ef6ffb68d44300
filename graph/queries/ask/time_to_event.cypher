// summary: "How long after the diagnosis became known was each patient followed, and did an encounter of a class begin?"
// access: read
// audience: researcher
// params:
//   condition: {type: STRING, doc: "Code of the diagnosis, system|code.", example: "http://snomed.info/sct|44054006"}
//   class: {type: STRING, doc: "Class of encounters, such as IMP, EMER, AMB.", example: IMP}
//   at: {type: ZONED DATETIME, doc: What was known at this instant., example: "2024-06-30T00:00:00Z"}
// returns:
//   patient: "Key of the patient."
//   start: "When the diagnosis first became known."
//   stop: "Start of the first such encounter, else the death (or the diagnosis, where that became known later), else the instant at which looking ends."
//   days: "Whole days between."
//   event: "Whether there was one."
MATCH (:Concept {key: $condition})<-[:CODED]-(c:Condition)<-[:HAS_EVENT]-(p:Patient)
WHERE $condition IN c.codes AND c.recorded <= $at AND (NOT c:Deleted OR c.deleted > $at)
  AND NOT coalesce(c.verification IN ['entered-in-error', 'refuted'], false)
WITH p, min(coalesce(c.first_recorded, c.recorded)) AS start
OPTIONAL MATCH (p)-[:HAS_ENCOUNTER]->(e:Encounter {class: $class})
WHERE e.start > start AND e.start <= $at AND e.recorded <= $at AND (NOT e:Deleted OR e.deleted > $at)
  AND NOT coalesce(e.status = 'entered-in-error' AND e.closed <= $at, false)
WITH p, start, min(e.start) AS seen
WITH p, start, seen, CASE WHEN p.closed <= $at AND p.deceased < $at THEN p.deceased ELSE $at END AS over
WITH p, start, coalesce(seen, CASE WHEN over > start THEN over ELSE start END) AS stop, seen IS NOT NULL AS event
RETURN p.key AS patient, start, stop, duration.inSeconds(start, stop).seconds / 86400 AS days, event
ORDER BY patient
