"""FHIR files into the graph: read and projected here, written by a second thread, memory flat in the size of the input."""

import os
import queue
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graph.check.inspect import Inspector, Level
from graph.connection import Graph
from graph.fhir import version
from graph.fhir.read import Deletion, Item, Refused, Source, find, items
from graph.ingest_memory import seldom_collected
from graph.ingest_number import Ahead
from graph.ingest_rows import Row
from graph.ingest_write import Outcome, Writer, batches
from graph.progress import Progress
from graph.references import Settled, settle
from graph.setaside import SetAside
from graph.settings import Settings
from graph.spread import Project, projecting
from graph.spread_client import DaskUnavailableError
from ontology.errors import FileError, InvalidInputError

BATCH = 3000
"""Resources of one transaction."""
WEIGHT = 12 * 2**20
"""Bytes of one transaction, about."""
Work = tuple[list[Row | Deletion], Ahead | None]
"""A batch; numbered here while the one before is written."""


class StrictError(InvalidInputError):
    """Strict mode met something that cannot go in."""

    code = "set-aside"
    exit_status = 1


@dataclass
class IngestReport:
    """What an ingest did; ``read == written + unchanged + deleted + set_aside``."""

    run: str
    read: int = 0
    written: int = 0
    unchanged: int = 0
    deleted: int = 0
    """Deletions that were not known before."""
    set_aside: int = 0
    references: int = 0
    """References and codes written as relationships."""
    resolved: int = 0
    """References by identifier or address that found their resource."""
    dangling: int = 0
    """References in the graph whose target is not there."""
    nodes: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    """Resources a second."""
    generic: dict[str, int] = field(default_factory=dict)
    """Resources of types without a mapping, written by the generic rule."""
    unmapped: dict[str, int] = field(default_factory=dict)
    """What tables (OMOP CDM, MEDS) hold that no mapping speaks of, and how often; most frequent first."""
    reasons: dict[str, int] = field(default_factory=dict)
    set_aside_file: str | None = None
    set_aside_sample: list[dict[str, str]] = field(default_factory=list)
    """The first that were set aside: ``place, reason, message``."""
    checked: int = 0
    """Resources that were looked at whether they are as FHIR says."""
    findings: dict[str, int] = field(default_factory=dict)
    """How many of each severity."""
    findings_file: str | None = None
    findings_sample: list[dict[str, str]] = field(default_factory=list)
    """The first findings: ``place, severity, expression, words``."""
    dangling_sample: list[dict[str, Any]] = field(default_factory=list)
    """The most frequent of all that dangle: ``owner`` (type), ``target``, ``references``."""
    dangling_run: int = 0
    """References that this run wrote and whose target is not there."""
    dangling_places: list[dict[str, Any]] = field(default_factory=list)
    """The first of these by file and place: ``owner`` (key), ``path``, ``target``, ``source``, ``line``, ``entry``, ``place``."""
    ambiguous: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        return asdict(self)


def ingest(
    graph: Graph,
    paths: Sequence[str | Path],
    *,
    strict: bool = False,
    check: Level | None = None,
    strict_check: bool = False,
    fhir_version: str | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Take FHIR files and folders, and folders of OMOP CDM or MEDS tables, into the graph; again, it changes nothing.

    ``fhir_version`` (R4, R4B, R5) holds where a resource does not say. ``check`` looks whether resources are as FHIR says
    (:mod:`graph.check`) and writes what it finds; with ``strict_check`` a resource with an error is set aside.

    With ``strict`` everything is read and checked once before anything is written, and the first thing that cannot go
    in ends the ingest; what only the graph can refuse (an older version) ends it at its batch, of which nothing is kept.

    Raises:
        NotFoundError, InvalidInputError: a path is not there, or its name says nothing about FHIR.
        StrictError: in strict mode, at the first thing that cannot go in.
    """
    sources, fhir = chosen(paths, fhir_version)
    with projecting(graph.settings) as project:
        # The first of two passes keeps no findings: the second finds them again.
        with inspecting(check, Path(os.devnull), fhir, strict=strict_check) as inspector:
            if strict:
                _check(sources, graph.settings.line_limit, inspector, project)
        run = Run(graph.settings, sources, project, strict=strict, fhir=fhir, progress=progress)
        out = graph.settings.home / "findings" / f"{run.id}.ndjson"
        with inspecting(check, out, fhir, strict=strict_check) as run.inspector:
            return run.go(graph)


def chosen(
    paths: Sequence[str | Path], fhir_version: str | None
) -> tuple[list[Source | Refused], str | None]:
    """The files to read, and the version of FHIR where a resource does not say.

    Raises:
        NotFoundError, InvalidInputError: a path is not there, its name says nothing about FHIR, or the version does not fit.
    """
    sources = find(paths)
    fhir = version.named(fhir_version) if fhir_version else None
    if fhir not in {None, version.DEFAULT} and any(isinstance(s, Source) and s.reader for s in sources):
        raise InvalidInputError(
            "Tables become FHIR R4, so they cannot be taken in as another version.",
            got=fhir_version,
            do="Take the tables in by themselves, without --fhir-version.",
        )
    return sources, fhir


def inspecting(
    check: Level | None, out: Path, fhir: str | None, *, strict: bool
) -> AbstractContextManager[Inspector | None]:
    """Who looks at what is read, writing what is found to ``out``; None when nothing is checked."""
    return Inspector(check, out, fhir=fhir, strict=strict) if check else nullcontext()


def _check(
    sources: Sequence[Source | Refused], limit: int, inspector: Inspector | None, project: Project
) -> None:
    read = (item for source in sources for item in _items(source, limit, inspector))
    for made in project(read, "", None):
        if isinstance(made, Refused):
            raise refusal(made)


def _items(source: Source | Refused, limit: int, inspector: Inspector | None) -> Iterable[Item]:
    found: Iterable[Item] = [source] if isinstance(source, Refused) else items(source, limit)
    return inspector.over(found) if inspector else found


def refusal(refused: Refused) -> StrictError:
    """The end of a strict ingest."""
    return StrictError(
        f"{refused.place}: {refused.message} ({refused.reason}).", do="Mend it, or ingest without --strict."
    )


class Run:
    """One ingest: what it counts, and its steps."""

    graph: Graph

    def __init__(
        self,
        settings: Settings,
        sources: Sequence[Source | Refused],
        project: Project,
        *,
        strict: bool,
        fhir: str | None,
        progress: Progress | None,
    ) -> None:
        self.settings, self.sources, self.strict, self.progress = settings, sources, strict, progress
        self.project, self.fhir = project, fhir
        self.inspector: Inspector | None = None
        self.started = datetime.now(UTC)
        self.id = f"{self.started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        self.report = IngestReport(self.id)
        self.generic: Counter[str] = Counter()
        self.unmapped: Counter[str] = Counter()
        self.began = time.monotonic()
        self.total = sum(s.size for s in sources if isinstance(s, Source))
        self.again = False
        """Most of the last batch that was written was in the graph already, and so, likely, is what comes."""
        self.before = 0
        """Bytes of the files that are read."""
        self.source: Source | Refused | None = None
        """What is read now; some of what was read before may still wait to be written."""

    def go(self, graph: Graph) -> IngestReport:
        """The whole ingest."""
        self.start(graph)
        with self.aside() as aside:
            try:
                self._load(aside)
            except (StrictError, FileError, DaskUnavailableError):
                self._close("stopped", settle(self.graph, self.id, self.say), aside)
                raise
            self._finish(aside)
        return self.report

    def _finish(self, aside: SetAside) -> None:
        self._close("finished", settle(self.graph, self.id, self.say), aside)

    def start(self, graph: Graph) -> None:
        """Note in the graph that it has begun."""
        self.graph = graph
        props = {"started": self.started, "host": socket.gethostname(), "pid": os.getpid()}
        graph.write("ingest.start", id=self.id, props=props | {"files": len(self.sources)})

    def aside(self) -> SetAside:
        """The file of what cannot go in."""
        return SetAside(self.settings.home / "set-aside" / f"{self.id}.ndjson")

    def _load(self, aside: SetAside) -> None:
        work: queue.Queue[Work | None] = queue.Queue(maxsize=2)
        done: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
        thread = threading.Thread(target=self._write, args=(work, done), name="ingest-writer", daemon=True)
        thread.start()
        try:
            with seldom_collected():
                for batch in batches(self._rows(aside), BATCH, WEIGHT):
                    work.put((batch, Ahead.of(batch, self.id)))
                    self._take(done, aside)
        finally:
            work.put(None)
            thread.join()
            self._take(done, aside)

    def _write(
        self,
        work: "queue.Queue[Work | None]",
        done: "queue.SimpleQueue[Outcome | BaseException]",
    ) -> None:
        writer = Writer(self.graph, self.id, strict=self.strict, fhir=self.fhir)
        try:
            while (given := work.get()) is not None:
                done.put(writer.write(*given))
        except BaseException as error:  # noqa: BLE001  # it is raised again in the thread that waits
            done.put(error)
            while work.get() is not None:
                pass
        finally:
            writer.close()

    def _take(self, done: "queue.SimpleQueue[Outcome | BaseException]", aside: SetAside) -> None:
        """Count what the writer has done meanwhile."""
        while not done.empty():
            outcome = done.get()
            if isinstance(outcome, BaseException):
                raise outcome
            self._count(outcome, aside)

    def _count(self, outcome: Outcome, aside: SetAside) -> None:
        for refused in outcome.refused:
            if self.strict:
                raise refusal(refused)
            aside.add(refused)
        self.report.written += outcome.written
        self.report.unchanged += outcome.unchanged
        self.report.deleted += outcome.deleted
        self.report.references += outcome.links
        self.report.nodes += outcome.nodes
        self.report.resolved += outcome.resolved
        self.again = outcome.unchanged > outcome.written + len(outcome.refused)
        self.generic += outcome.generic

    def _rows(self, aside: SetAside) -> Iterator[Row | Deletion]:
        for made in self.project(self._read(), self.id, self.fhir, lambda: self.again):
            self.report.read += 1
            if isinstance(made, Row | Deletion):
                yield made
            elif self.strict:
                raise refusal(made)
            else:
                aside.add(made)
            if self.report.read % 1000 == 0:
                self._at()

    def _read(self) -> Iterator[Item]:
        for source in self.sources:
            self.source = source
            yield from _items(source, self.settings.line_limit, self.inspector)
            if isinstance(source, Source):
                self.unmapped += source.unmapped
            self.before += source.size or 0
            self.source = None

    def _at(self) -> None:
        if self.progress:
            rate = self.report.read / max(time.monotonic() - self.began, 1e-9)
            here, name = self.before, "the last file"
            if isinstance(self.source, Source):
                here, name = self.before + self.source.consumed, self.source.name
            what = f"{name}: {self.report.read:,} resources, {rate:,.0f}/s"
            self.progress(here // 2**20, max(self.total // 2**20, 1), what)

    def say(self, what: str) -> None:
        """Tell the person who waits what is being done."""
        if self.progress:
            self.progress(self.total // 2**20, max(self.total // 2**20, 1), what)

    def _close(self, status: str, settled: Settled, aside: SetAside) -> None:
        report = self.report
        report.set_aside, report.reasons = aside.count, dict(aside.reasons)
        report.set_aside_file = str(aside.path) if aside.count else None
        report.set_aside_sample = [
            {"place": r.place, "reason": r.reason, "message": r.message} for r in aside.sample
        ]
        report.resolved, report.dangling = report.resolved + settled.resolved, settled.dangling
        report.dangling_sample, report.ambiguous = settled.sample, settled.ambiguous
        report.dangling_run, report.dangling_places = settled.dangling_run, settled.places
        report.generic = dict(self.generic)
        report.unmapped = dict(self.unmapped.most_common())
        if self.inspector:
            report.checked, report.findings = self.inspector.checked, dict(self.inspector.severities)
            report.findings_file = str(self.inspector.out) if report.findings else None
            report.findings_sample = self.inspector.sample
        report.seconds = round(time.monotonic() - self.began, 3)
        report.rate = round(report.read / report.seconds, 1) if report.seconds else 0.0
        counts = {name: value for name, value in report.as_dict().items() if isinstance(value, int | float)}
        self.graph.write(
            "ingest.finish", id=self.id, props=counts | {"status": status, "finished": datetime.now(UTC)}
        )
