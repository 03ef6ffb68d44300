// Names as vectors: of codes, and of people who care, places and things; never of patients. In nodes of their own, so that no
// record, export or digest carries them. The lengths are those of the encoders (graph/vectors). The words of codes now also by the
// names of classifications.
CREATE CONSTRAINT code_vector_key IF NOT EXISTS FOR (n:CodeVector) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT name_vector_key IF NOT EXISTS FOR (n:NameVector) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT encoder_name IF NOT EXISTS FOR (n:Encoder) REQUIRE n.name IS UNIQUE;
CREATE VECTOR INDEX code_letters IF NOT EXISTS FOR (n:CodeVector) ON (n.letters) OPTIONS {indexConfig: {`vector.dimensions`: 256, `vector.similarity_function`: 'cosine'}};
CREATE VECTOR INDEX code_meaning IF NOT EXISTS FOR (n:CodeVector) ON (n.meaning) OPTIONS {indexConfig: {`vector.dimensions`: 384, `vector.similarity_function`: 'cosine'}};
CREATE VECTOR INDEX name_letters IF NOT EXISTS FOR (n:NameVector) ON (n.letters) OPTIONS {indexConfig: {`vector.dimensions`: 256, `vector.similarity_function`: 'cosine'}};
CREATE VECTOR INDEX name_meaning IF NOT EXISTS FOR (n:NameVector) ON (n.meaning) OPTIONS {indexConfig: {`vector.dimensions`: 384, `vector.similarity_function`: 'cosine'}};
CREATE FULLTEXT INDEX concept_words IF NOT EXISTS FOR (n:Concept) ON EACH [n.display, n.name, n.code];
