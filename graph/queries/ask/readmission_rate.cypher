// summary: "Of those who left such an encounter alive in a period, how many began another within so many days?"
// access: read
// audience: researcher
// rate: true
// params:
//   class: {type: STRING, doc: "Class of encounters, such as IMP, EMER, AMB.", example: IMP}
//   days: {type: INTEGER, doc: "Days after the end.", example: 30}
//   from: {type: ZONED DATETIME, doc: "Beginning of the period, inclusive.", example: "2024-01-01T00:00:00Z"}
//   to: {type: ZONED DATETIME, doc: "End of the period, exclusive.", example: "2024-06-01T00:00:00Z"}
// returns:
//   events: "Ends that were followed by another encounter of the class."
//   n: "Ends in the period."
MATCH (p:Patient)-[:HAS_ENCOUNTER]->(e:Encounter {class: $class})
WHERE e.end >= $from AND e.end < $to AND NOT e:Deleted AND NOT coalesce(e.status = 'entered-in-error', false)
  AND NOT coalesce(e.disposition IN ['exp', 'DIED', 'EXPIRED', '20', '40', '41', '42', '371828006', '419099009'], false)
  AND NOT coalesce(p.deceased <= e.end, false)
WITH e, EXISTS {
  MATCH (p)-[:HAS_ENCOUNTER]->(f:Encounter {class: $class})
  WHERE f.start > e.end AND f.start <= e.end + duration({days: $days}) AND NOT f:Deleted AND NOT coalesce(f.status = 'entered-in-error', false)
} AS again
RETURN count(CASE WHEN again THEN 1 END) AS events, count(e) AS n
