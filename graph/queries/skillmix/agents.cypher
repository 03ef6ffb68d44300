// summary: All registered agents, with how many claims, records of evidence and open cases each has.
// access: read
// returns:
//   key: The agent's key.
//   name: Its name.
//   version: Its version.
//   provider: Who makes or runs it.
//   kind: predictor, language-model, rule, service or human.
//   claims: Number of claims.
//   evidence: Number of records.
//   cases: Number of open M-CARE cases.
MATCH (a:Agent)
RETURN a.key AS key, a.name AS name, a.version AS version, a.provider AS provider, a.kind AS kind,
       COUNT { (a)-[:CLAIMS]->(:Claim) } AS claims,
       COUNT { (a)-[:HAS_EVIDENCE]->(:Evidence) } AS evidence,
       COUNT { (a)<-[:CONCERNS]-(c:Case) WHERE c.status IN ['filed', 'under-review', 'accepted'] } AS cases
ORDER BY key
