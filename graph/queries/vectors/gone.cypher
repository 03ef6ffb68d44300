// summary: Take away the vectors of what is no longer there or was deleted.
// access: write
// returns: {removed: how many}
CALL () {
  MATCH (v:CodeVector) WHERE NOT EXISTS { (:Concept {key: v.key}) }
  RETURN v
  UNION ALL
  MATCH (v:NameVector) WHERE NOT EXISTS { MATCH (n:Resource {key: v.key}) WHERE n.name IS NOT NULL AND NOT n:Deleted }
  RETURN v
}
DELETE v
RETURN count(*) AS removed
