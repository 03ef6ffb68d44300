// summary: Wait until no other ingest is in a transaction, and keep the others waiting to the end of this one.
// access: write
// params: {}
// returns: {held: how many locks are held (1)}
MATCH (m:Migration {number: 1})
// The node is in every graph from its first moment on, and nothing deletes it. To set the name that it has changes nothing,
// but takes the lock.
SET m.name = m.name
RETURN count(m) AS held
