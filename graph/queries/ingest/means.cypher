// summary: What conditional references were found to mean; those of which the graph knows nothing yet mean what is proposed, where anything is.
// access: write
// params:
//   keys: {type: LIST<STRING>, doc: Keys of conditional references., example: ["Practitioner?identifier=a|b"]}
//   pairs: {type: LIST<MAP>, doc: "from (reference) and to (key of a resource), sorted: what is proposed for some of them", example: []}
// returns: {from: key of the reference, to: key of the resource}
CALL () {
  UNWIND $pairs AS pair
  MERGE (a:Alias {key: pair.from})
  ON CREATE SET a.to = pair.to
  RETURN count(*) AS proposed
}
UNWIND $keys AS key
MATCH (a:Alias {key: key})
RETURN a.key AS from, a.to AS to
