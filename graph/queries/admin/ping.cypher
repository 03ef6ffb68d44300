// summary: Whether the database answers.
// access: read
// returns:
//   ok: always 1, so a row is an answer
RETURN 1 AS ok
