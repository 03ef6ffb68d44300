// summary: Conditions by their codes, and the category of ICD-10-CM in which each code has its place.
// access: read
// params: {}
// returns: {codes: "the codes of a condition, system|code", display: what the data call it, conditions: how many have these codes}
MATCH (n:Condition)
WHERE NOT n:Deleted
RETURN n.codes AS codes, min(n.display) AS display, count(*) AS conditions
ORDER BY conditions DESC, codes
