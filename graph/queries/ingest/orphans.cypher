// summary: Delete placeholders that no reference points at any more.
// access: auto
// params: {}
MATCH (p:Dangling)
WHERE NOT EXISTS { (p)--() }
CALL (p) { DELETE p } IN TRANSACTIONS OF 5000 ROWS
