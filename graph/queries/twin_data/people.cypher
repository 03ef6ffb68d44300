// summary: What a cohort needs of patients and their encounters, the closing fields too; for choosing an index and reading an outcome, never for features.
// access: read
// params:
//   patients: {type: LIST<STRING>, doc: keys of patients, example: [Patient/a]}
// returns:
//   patient: key of the patient
//   gender: as recorded
//   birth: ISO date as given, perhaps a year only
//   race: as recorded
//   ethnicity: as recorded
//   population: synthetic or real
//   deceased: epoch milliseconds (UTC) or null
//   encounters: "lists of key, class, codes, start, end, recorded, closed (epoch milliseconds, UTC), disposition, first place's key and name, status"
UNWIND $patients AS key
MATCH (p:Resource {key: key})
CALL (p) {
  MATCH (p)<-[:REPLACED_BY*0..10]-(q)
  WITH DISTINCT q
  OPTIONAL MATCH (q)-[:HAS_ENCOUNTER]->(e:Encounter WHERE NOT e:Deleted)
  OPTIONAL MATCH (e)-[at:TOOK_PLACE_AT {path: 'location[0].location'}]->(place:Location)
  WITH e, head(collect(place)) AS place ORDER BY e.start, e.key
  RETURN [x IN collect([e.key, e.class, e.codes, e.start.epochMillis, e.end.epochMillis, e.recorded.epochMillis, e.closed.epochMillis,
                  e.disposition, place.key, place.name, e.status]) WHERE x[0] IS NOT NULL] AS encounters
}
RETURN p.key AS patient, p.gender AS gender, p.birth AS birth, p.race AS race, p.ethnicity AS ethnicity,
       coalesce(p.population, 'real') AS population, p.deceased.epochMillis AS deceased, encounters
