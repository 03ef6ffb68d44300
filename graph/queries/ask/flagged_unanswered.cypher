// summary: "Which results flagged as critical were followed by no order and no procedure within so many days?"
// access: read
// audience: safety
// params:
//   days: {type: INTEGER, doc: "Days to answer.", example: 7}
//   at: {type: ZONED DATETIME, doc: What was known at this instant., example: "2024-06-30T00:00:00Z"}
// returns:
//   patient: "Key of the patient."
//   result: "Key of the result."
//   display: "What was measured."
//   value: "Its value."
//   known: "When it became known."
MATCH (k:Concept)<-[:CODED {path: 'interpretation'}]-(o:Observation)<-[:HAS_EVENT]-(p:Patient)
WHERE k.key IN ['http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation|HH',
                'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation|LL',
                'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation|AA']
  AND o.recorded + duration({days: $days}) <= $at AND (NOT o:Deleted OR o.deleted > $at) AND NOT coalesce(o.status = 'entered-in-error', false)
  AND NOT EXISTS {
    MATCH (p)-[:HAS_EVENT]->(a:MedicationRequest|ServiceRequest|Procedure)
    WHERE a.recorded >= o.recorded AND a.recorded <= o.recorded + duration({days: $days}) AND (NOT a:Deleted OR a.deleted > $at)
      AND NOT coalesce(a.status = 'entered-in-error' AND a.closed <= $at, false)
  }
RETURN DISTINCT p.key AS patient, coalesce(o.of, o.key) AS result, o.display AS display, o.value AS value, o.recorded AS known
ORDER BY known, result
