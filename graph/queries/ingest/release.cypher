// summary: Free resources that get another version of all that the old version said; contained parts become placeholders.
// access: write
// params:
//   keys: {type: LIST<STRING>, doc: Keys of resources., example: []}
UNWIND $keys AS key
MATCH (n:Resource {key: key})
CALL (n) {
  MATCH (c:Resource)
  WHERE c.key STARTS WITH n.key + '#'
  CALL (c) {
    MATCH (c)-[r]-()
    WHERE r.owner = c.key
    DELETE r
  }
  CALL (c) {
    MATCH (c)-[r:CODED]->()
    DELETE r
  }
  WITH c, c.key AS own, [label IN labels(c) WHERE label <> 'Resource'] AS old
  REMOVE c:$(old)
  SET c:Dangling
  SET c = {key: own}
}
CALL (n) {
  MATCH (n)-[r]-()
  WHERE r.owner = n.key
  DELETE r
}
CALL (n) {
  MATCH (n)-[r:CODED]->()
  DELETE r
}
CALL (n) {
  MATCH (n)-[r:NEXT]-(other)
  SET other:Unordered
  DELETE r
}
REMOVE n:Undated
