// summary: The resources that came under the addresses for which references wait, by one scan.
// access: read
// params: {}
// returns: {from: key of the placeholder, to: keys of the resources with that fullUrl}
MATCH (n:Resource)
WHERE n.url IS NOT NULL
MATCH (p:Resource {key: n.url})
WHERE p:Dangling
RETURN p.key AS from, collect(DISTINCT n.key) AS to
