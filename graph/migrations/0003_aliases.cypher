// Which resource a conditional reference was found to mean, so that a later ingest can look again.
CREATE CONSTRAINT alias_key IF NOT EXISTS FOR (n:Alias) REQUIRE n.key IS UNIQUE;
