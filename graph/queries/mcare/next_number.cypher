// summary: Takes the next number of a year's cases; two filers never get the same.
// access: write
// params:
//   year: {type: INTEGER, doc: Year of filing., example: 2026}
// returns:
//   number: the number taken, from 1
MERGE (c:CaseCounter {year: $year})
ON CREATE SET c.last = 1
ON MATCH SET c.last = c.last + 1
RETURN c.last AS number
