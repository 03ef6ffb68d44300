// summary: Note what patients looked like when their rounds were made.
// access: write
// params:
//   marks: {type: LIST<LIST<STRING>>, doc: Key of a patient and the mark., example: []}
UNWIND $marks AS pair
MERGE (m:LoopMark {key: pair[0]})
SET m.mark = pair[1]
