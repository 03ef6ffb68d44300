// The rounds of the decision loop, and what a patient looked like when they were made.
CREATE CONSTRAINT round_key IF NOT EXISTS FOR (n:Round) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT loop_mark_key IF NOT EXISTS FOR (n:LoopMark) REQUIRE n.key IS UNIQUE;
