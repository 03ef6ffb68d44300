// summary: Remember what conditional references were found to mean.
// access: write
// params:
//   pairs: {type: LIST<MAP>, doc: "from (reference) and to (key of the resource)", example: []}
UNWIND $pairs AS pair
MERGE (a:Alias {key: pair.from})
SET a.to = pair.to
