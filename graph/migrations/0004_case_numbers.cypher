// One counter a year, so that two filers never get the same number.
CREATE CONSTRAINT case_counter_year IF NOT EXISTS FOR (n:CaseCounter) REQUIRE n.year IS UNIQUE;
