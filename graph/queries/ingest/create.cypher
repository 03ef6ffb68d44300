// summary: Write new resources.
// access: write
// params:
//   rows: {type: LIST<MAP>, doc: "labels and props of each node", example: []}
UNWIND $rows AS row
CREATE (n:$(row.labels))
SET n = row.props
