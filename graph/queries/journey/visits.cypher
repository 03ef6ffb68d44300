// summary: What the journeys of facts say of encounters that are not in the record of their patient, with the times by which any instant's version is told.
// access: read
// params:
//   keys: {type: LIST<STRING>, doc: Keys of encounters., example: [Encounter/1]}
// returns: {key: key of the encounter, class: its class, recorded: when this version became known (microseconds since 1970), deleted: when it was gone; before all times when nobody knows when}
UNWIND $keys AS key
CALL (key) {
  MATCH (e:Resource {key: key})
  RETURN e
  UNION
  MATCH (e:Resource) USING INDEX SEEK e:Resource(key)
  WHERE e.key STARTS WITH split(key, '#')[0] + '/_history/' AND e:Superseded AND e.of = key
  RETURN e
}
RETURN key, e.class AS class, e.recorded.epochSeconds * 1000000 + e.recorded.microsecond AS recorded,
  CASE WHEN e:Deleted THEN coalesce(e.deleted.epochSeconds * 1000000 + e.deleted.microsecond, -9223372036854775807) END AS deleted
