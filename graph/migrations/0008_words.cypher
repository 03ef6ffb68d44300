// Codes are found by the index of 0007, which holds also the names that a loaded edition gives them.
DROP INDEX concept_text IF EXISTS;
