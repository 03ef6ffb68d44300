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
//   encounters: "lists of key, class, codes, start, end, recorded, closed (epoch milliseconds, UTC), disposition, first place's key and name, status; since and until when it says so (null for ever; until the year 1 of what was deleted nobody knows when); a list a version"
UNWIND $patients AS key
MATCH (p:Resource {key: key})
CALL (p) {
  MATCH (p)<-[:REPLACED_BY*0..10]-(q)
  WITH DISTINCT q
  OPTIONAL MATCH (q)-[:HAS_ENCOUNTER]->(e:Encounter)
  OPTIONAL MATCH (e)-[at:TOOK_PLACE_AT {path: 'location[0].location'}]->(place:Location)
  WITH e, head(collect(place)) AS place ORDER BY e.start, coalesce(e.of, e.key), e.deleted
  RETURN [x IN collect([coalesce(e.of, e.key), e.class, e.codes, e.start.epochMillis, e.end.epochMillis, coalesce(e.first_recorded, e.recorded).epochMillis,
                  CASE WHEN e.first_closed > e.closed THEN e.first_closed ELSE e.closed END.epochMillis,
                  e.disposition, place.key, place.name, e.status, e.since.epochMillis,
                  CASE WHEN e:Deleted THEN coalesce(e.deleted.epochMillis, -62135596800000) END]) WHERE x[0] IS NOT NULL] AS encounters
}
RETURN p.key AS patient, p.gender AS gender, p.birth AS birth, p.race AS race, p.ethnicity AS ethnicity,
       coalesce(p.population, 'real') AS population, p.deceased.epochMillis AS deceased, encounters
