// summary: Delete placeholders that no reference points at any more and no deletion named.
// access: auto
// params: {}
MATCH (p:Dangling)
WHERE p.tomb IS NULL AND NOT EXISTS { (p)--() }
CALL (p) { DELETE p } IN TRANSACTIONS OF 5000 ROWS
