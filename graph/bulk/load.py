"""``cwm ingest --bulk``: the first load, all of it or nothing."""

import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from graph import server
from graph.bulk import home, later
from graph.bulk.drop import drop
from graph.bulk.ends import concept, hashed
from graph.bulk.ledger import Ledger
from graph.bulk.numbers import NUMBERED, Numbers
from graph.bulk.pool import Piece, Pool, Task, processes
from graph.bulk.spool import DELETION, ITEM, Answer, Concepts, Totals, first, pack
from graph.bulk.table import Table, torn
from graph.check.inspect import Level
from graph.connection import Graph, entered
from graph.fhir.read_items import Deletion, Found, Refused
from graph.ingest import IngestReport, Run, chosen, inspecting, refusal
from graph.ingest_memory import seldom_collected
from graph.progress import Progress
from graph.server.offline import Offline, size
from graph.server.space import need_space
from graph.setaside import SetAside
from graph.settings import Settings
from graph.spread import here
from ontology.errors import FileError

RESOURCES: Final = 1500
BYTES: Final = 4 * 2**20
"""Of one piece, about."""
STORE: Final = 2
"""Times the importer's files: what the finished graph and its making may take beside them (docs/benchmarks.md)."""


def load(
    settings: Settings,
    paths: Sequence[str | Path],
    *,
    strict: bool = False,
    check: Level | None = None,
    strict_check: bool = False,
    fhir_version: str | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> IngestReport:
    """Take files and folders into the empty private graph of ``settings``, with what :func:`graph.ingest.ingest` would give.

    The same graph, the same report. Whoever wants the graph meanwhile waits. It is made beside the empty one and put in its
    place at the end, so that it is whole or as it was; with ``strict`` nothing of an input goes in that is not whole.
    ``workers`` processes make the files of the import; without it as many as pay.

    Raises:
        NotFoundError, InvalidInputError: as :func:`graph.ingest.ingest`; or the graph is elsewhere, in use or not empty.
        StrictError: in strict mode, at the first thing that cannot go in.
        GraphUnavailableError: no disk space, no Java, or the importer failed.
    """
    folder = home.ours(settings)
    sources, fhir = chosen(paths, fhir_version)

    def look(lease: server.Lease) -> None:
        with entered(settings, folder, lease) as graph:
            home.check_empty(graph)

    run = Load(settings, paths, sources, here, strict=strict, fhir=fhir, progress=progress)
    need_space(folder, settings.disk_free + run.total)
    with server.offline(settings, folder, look if home.stored(folder) else None) as quiet:
        findings = settings.home / "findings" / f"{run.id}.ndjson"
        with (
            inspecting(check, findings, fhir, strict=strict_check) as run.inspector,
            home.beside(quiet, run.id) as coming,
        ):
            run.make(coming, workers or processes(run.total))
            run.say("putting the graph in its place")
            home.settle_in(quiet, coming)
    run.report.seconds = round(time.monotonic() - run.began, 3)
    run.report.rate = round(run.report.read / run.report.seconds, 1)
    return run.report


class Load(Run):
    """One bulk load."""

    def __init__(self, settings: Settings, paths: Sequence[str | Path], *of: Any, **more: Any) -> None:
        super().__init__(settings, *of, **more)
        self.paths = paths
        self.totals = Totals()
        self.concepts: Concepts = {}
        self.tables: dict[str, str] = {}
        self.longest = 0
        self.folded = False

    def make(self, coming: Offline, workers: int) -> None:
        """The whole graph, in a Neo4j of its own."""
        folder = coming.plan.folder
        files, notes = folder / "files", folder / "notes"
        files.mkdir(mode=0o700)
        notes.mkdir(mode=0o700)
        ledger = Ledger(notes)
        with self.aside() as aside:
            waits = self.write(files, ledger, aside, workers)
            if self.tables:
                self.say("importing")
                need_space(folder, self.settings.disk_free + STORE * size(files))
                home.load(coming, files, self.tables, self.longest, folded=self.folded)
            shutil.rmtree(files)
            self.say("starting the graph, making its indexes")
            with home.opened(coming, self.settings) as graph:
                self.start(graph)
                self._later(graph, ledger, waits, aside)
                self._finish(aside)

    def write(self, files: Path, ledger: Ledger, aside: SetAside, workers: int) -> npt.NDArray[np.bool_]:
        """Write the importer's files; for every item that was read whether it waits for the ordinary way of writing.

        Raises:
            FileError: a file cannot be written.
        """
        try:
            self._spool(files, ledger, aside, workers)
            ledger.close()
            waits = ledger.later()
            dropped = ledger.spooled(waits)
            drop(files, dropped)
            self._others(files, ledger, dropped)
        except OSError as error:
            raise FileError.of(error) from error
        # A file of which all was taken out again is none for the importer.
        self.tables = {
            name: kind for name, kind in self.tables.items() if (files / f"{name}.csv").stat().st_size
        }
        return waits

    def _spool(self, files: Path, ledger: Ledger, aside: SetAside, workers: int) -> None:
        with Pool(Task(files, self.id, self.fhir), workers) as pool, seldom_collected():
            for others, answer in pool.over(self._pieces()):
                self._take_in(others, answer, ledger, aside)
                need_space(files, self.settings.disk_free)
                self._at()

    def _pieces(self) -> Iterator[tuple[dict[int, Deletion | Refused], Piece]]:
        """What is read, in pieces; what is no resource stands beside, by its place in the piece."""
        others: dict[int, Deletion | Refused] = {}
        piece: list[Any] = []
        number = load = 0
        for item in self._read():
            if isinstance(item, Found):
                piece.append((number, pack(item)))
            else:
                others[len(piece) + len(others)] = item
            number, load = number + 1, load + len(item.raw)
            if len(piece) + len(others) >= RESOURCES or load >= BYTES:
                yield others, piece
                others, piece, load = {}, [], 0
        if others or piece:
            yield others, piece

    def _take_in(
        self, others: dict[int, Deletion | Refused], answer: Answer, ledger: Ledger, aside: SetAside
    ) -> None:
        """Note what came of a piece."""
        made = np.frombuffer(answer.items, ITEM)
        whole = np.zeros(len(made) + len(others), ITEM)
        places = np.setdiff1d(np.arange(len(whole)), np.fromiter(others, int))
        whole[places] = made
        refused = {int(places[at]): said for at, said in answer.refused}
        for at, item in others.items():
            if isinstance(item, Deletion):
                whole[at] = (*hashed(item.key), min(item.weight, 2**32 - 1), DELETION)
            else:
                refused[at] = item
        for _, said in sorted(refused.items()):
            if self.strict:
                raise refusal(said)
            aside.add(said)
        ledger.items(whole.tobytes())
        ledger.parts(answer.parts)
        self._sum(answer)
        self.report.read += len(whole)

    def _sum(self, answer: Answer) -> None:
        self.totals.add(answer.totals)
        self.tables.update(answer.tables)
        self.longest, self.folded = max(self.longest, answer.longest), self.folded or answer.folded
        for key, (system, code, display) in answer.concepts.items():
            before = self.concepts.get(key)
            self.concepts[key] = (system, code, first(before and before[2], display))

    def _others(self, files: Path, ledger: Ledger, dropped: npt.NDArray[np.bool_]) -> None:
        """The nodes that are no resources, concepts and placeholders; and the numbers of all nodes where they are spoken of."""
        concepts = sorted(self.concepts.items())
        free = ledger.free
        self._nodes(
            Table(files, "node-concept"),
            "Concept",
            (
                (number, {"key": key, "system": system, "code": code, "display": display})
                for number, (key, (system, code, display)) in enumerate(concepts, free)
            ),
        )
        hashes = np.array(
            [(*concept(key), number) for number, (key, _) in enumerate(concepts, free)], NUMBERED
        )
        numbers = Numbers(files)
        missing = numbers.settle(lambda: chain(ledger.nodes(dropped), [hashes]), free + len(concepts))
        placeholders = ((number, {"key": key}) for number, key in missing)
        self._nodes(Table(files, "node-dangling"), "Resource:Dangling", placeholders)
        numbers.fill()

    def _nodes(self, table: Table, labels: str, nodes: Iterable[tuple[int, dict[str, Any]]]) -> None:
        for at, (number, node) in enumerate(nodes):
            table.keep(0, (str(number),), node)
            if at % 10_000 == 0:
                _written(table)
        _written(table)
        self.tables.update((name, labels) for name in table.files)
        self.longest, self.folded = max(self.longest, table.longest), self.folded or table.folded

    def _later(self, graph: Graph, ledger: Ledger, waits: Any, aside: SetAside) -> None:
        """Write what the importer was not given, as every ingest writes."""
        if waits.any():
            self.say("writing what has several versions")
            for outcome in later.write(graph, self, ledger, waits):
                self._count(outcome, aside)
        self.report.written += self.totals.written
        self.report.nodes += self.totals.nodes
        self.report.references += self.totals.links
        self.generic += self.totals.generic


def _written(table: Table) -> None:
    if table.make():  # what cannot be written was found when it was first spoken of
        raise torn()
    table.write()
