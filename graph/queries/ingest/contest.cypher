// summary: Let addresses that were found to mean one resource wait again where another one comes under them.
// access: write
// params:
//   pairs: {type: LIST<MAP>, doc: "from (address) and to (key of the resource that came under it), sorted", example: []}
UNWIND $pairs AS pair
MATCH (a:Alias {key: pair.from})
WHERE a.to <> pair.to
MERGE (p:Resource {key: pair.from})
ON CREATE SET p:Dangling
