// summary: The cohorts that were saved, by name, the newest first.
// access: read
// params:
//   name: {type: STRING, doc: Name of the cohort; null for all., example: null, optional: true}
// returns: {props: its properties}
MATCH (c:Cohort)
WHERE c.complete AND ($name IS NULL OR c.name = $name)
RETURN c {.*, made: toString(c.made), as_of: toString(c.as_of)} AS props
ORDER BY c.name, c.version DESC, c.made DESC, c.id
