// What a paper cites: cohorts and snapshots, each once. Names of codes and of providers and places, to search in.
// No index over the facts themselves: ingest writes them, and they are found through their codes.
CREATE CONSTRAINT cohort_id IF NOT EXISTS FOR (n:Cohort) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT snapshot_id IF NOT EXISTS FOR (n:Snapshot) REQUIRE n.id IS UNIQUE;
CREATE FULLTEXT INDEX concept_text IF NOT EXISTS FOR (n:Concept) ON EACH [n.display, n.code];
CREATE FULLTEXT INDEX name_text IF NOT EXISTS FOR (n:Provider|Ecosystem) ON EACH [n.name];
