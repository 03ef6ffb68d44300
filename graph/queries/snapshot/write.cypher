// summary: Keep what was found of the graph at one time; the same again changes nothing.
// access: write
// params:
//   id: {type: STRING, doc: Id of the snapshot., example: 0a1b2c3d4e5f}
//   props: {type: MAP, doc: "digest, as_of, made, software, migration, resources, types (JSON), sources (JSON), runs", example: {}}
// returns: {id: its id}
MERGE (s:Snapshot {id: $id})
ON CREATE SET s += $props
RETURN s.id AS id
