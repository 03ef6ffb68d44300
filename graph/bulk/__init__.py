"""The first load of a graph through Neo4j's own bulk importer, from FHIR files, without the database in between.

:func:`graph.bulk.load.load` reads and projects as :func:`graph.ingest.ingest` does, writes the importer's files in several
processes (:mod:`~graph.bulk.pool`, :mod:`~graph.bulk.spool`, :mod:`~graph.bulk.table`, :mod:`~graph.bulk.cells`), remembers
a few bytes of every resource (:mod:`~graph.bulk.ledger`), and makes a Neo4j beside the empty one that takes its place when
it is whole (:mod:`~graph.bulk.home`).
"""
