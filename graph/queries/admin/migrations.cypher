// summary: Which migrations this graph has had.
// access: read
// returns:
//   number: Number of the migration.
//   name: Its name.
//   checksum: SHA-256 of its text.
//   applied: When it ran.
MATCH (m:Migration)
RETURN m.number AS number, m.name AS name, m.checksum AS checksum, m.applied AS applied
ORDER BY number
