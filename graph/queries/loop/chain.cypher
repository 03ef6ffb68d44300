// summary: Put rounds one after another.
// access: write
// params:
//   pairs: {type: LIST<LIST<STRING>>, doc: Keys of a round and of the next., example: []}
UNWIND $pairs AS pair
MATCH (a:Round {key: pair[0]})
MATCH (b:Round {key: pair[1]})
MERGE (a)-[:NEXT_ROUND]->(b)
