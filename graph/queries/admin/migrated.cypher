// summary: Remember that a migration ran.
// access: write
// params:
//   number: {type: INTEGER, doc: Number of the migration., example: 1}
//   name: {type: STRING, doc: Its name., example: keys}
//   checksum: {type: STRING, doc: SHA-256 of its text., example: 0a1b}
// returns:
//   number: Number of the migration.
MERGE (m:Migration {number: $number})
ON CREATE SET m.name = $name, m.checksum = $checksum, m.applied = datetime()
RETURN m.number AS number
