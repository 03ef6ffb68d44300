"""What the importer is not given: several versions of one resource, deletions, and what its files cannot hold.

It is read once more and goes into the graph by the ordinary way, in the order and in the batches in which an ingest would
have written it; so that way decides which version stays, what is set aside and what counts as what.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from graph.bulk.ledger import Ledger
from graph.connection import Graph
from graph.fhir.read import find, items
from graph.fhir.read_items import Deletion, Found, Item, Refused
from graph.ingest import BATCH, WEIGHT
from graph.ingest_rows import Row, row
from graph.ingest_write import Outcome, Writer
from ontology.errors import InvalidInputError

if TYPE_CHECKING:
    from graph.bulk.load import Load


def write(graph: Graph, run: "Load", ledger: Ledger, waits: Any) -> Iterator[Outcome]:
    """Write the items that wait; what came of each batch. What they added to the totals of ``run`` is taken off.

    Raises:
        InvalidInputError: a file is no longer what it was when it was first read.
    """
    numbers = ledger.batches(BATCH, WEIGHT)
    spooled = ledger.spooled(waits)
    writer = Writer(graph, run.id, strict=run.strict)
    try:
        for _, some in groupby(_again(run, ledger, waits), key=lambda item: numbers[item[0]]):
            batch = []
            for number, made in some:
                batch.append(made)
                if isinstance(made, Row) and spooled[number]:
                    links = len(made.links) + len(made.codes)
                    type_ = made.key.partition("/")[0]
                    run.totals.count(type_, len(made.nodes), links, generic=made.generic, times=-1)
            yield writer.write(batch)
    finally:
        writer.close()


def _again(run: "Load", ledger: Ledger, waits: Any) -> Iterator[tuple[int, Row | Deletion]]:
    left = int(waits.sum())
    for number, item in enumerate(_items(run)):
        if not left:
            return
        if waits[number]:
            left -= 1
            made = row(item, run.id, run.fhir) if isinstance(item, Found) else item
            if isinstance(made, Refused) or not ledger.same(number, made.key):
                break
            yield number, made
    if left:
        raise InvalidInputError(
            "The files changed while they were read.", do="Run it again when nothing writes to them."
        )


def _items(run: "Load") -> Iterator[Item]:
    for source in find(run.paths):
        yield from [source] if isinstance(source, Refused) else items(source, run.settings.line_limit)
