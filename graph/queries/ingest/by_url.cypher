// summary: The resources that came under the addresses for which references wait, by one scan; several for one address means it is ambiguous.
// access: read
// params: {}
// returns: {from: key of the placeholder, to: keys of the resources with that fullUrl, old: what it meant before}
MATCH (n:Resource)
WHERE n.url IS NOT NULL OR n.urls IS NOT NULL
UNWIND [n.url] + coalesce(n.urls, []) AS url
MATCH (p:Resource {key: url})
WHERE p:Dangling
OPTIONAL MATCH (a:Alias {key: url})
RETURN url AS from, max(a.to) AS old, collect(DISTINCT n.key) AS to
