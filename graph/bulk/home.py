"""The private Neo4j that a bulk load makes beside the one in use, and puts in its place when it is whole."""

import fcntl
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from graph import server
from graph.bulk.cells import OPTIONS
from graph.connection import Graph, open_graph
from graph.server import lease
from graph.server.config import private
from graph.server.offline import Offline, exchange
from graph.settings import Settings
from ontology.errors import InvalidInputError

DATABASE = "neo4j"
PREFIX = "loading-"


def ours(settings: Settings) -> Path:
    """The folder of the private Neo4j.

    Raises:
        InvalidInputError: the graph is elsewhere.
    """
    what = "Only a private Neo4j can be loaded in bulk: its files are written while it rests."
    return settings.private(what, "Ingest without --bulk; or unset CWM_GRAPH.")


def stored(folder: Path) -> bool:
    """Whether a graph lies in the folder, or one that a restore has set aside."""
    return (folder / "neo4j" / "data" / "databases" / DATABASE).exists() or (folder / "replaced").exists()


def check_empty(graph: Graph) -> None:
    """Refuse a graph that holds anything.

    Raises:
        InvalidInputError: it does.
    """
    if graph.read("admin.filled"):
        raise InvalidInputError(
            "The graph is not empty, and a bulk load is only the first load.",
            got=f"embedded:{graph.settings.embedded}",
            do="Ingest without --bulk; or give a new CWM_HOME, or CWM_GRAPH=embedded:DIR.",
        )


@contextmanager
def beside(quiet: Offline, run: str) -> Iterator[Offline]:
    """A folder for a new Neo4j in that of the old one; nothing of it stays, and nothing of one that was killed."""
    for left in quiet.plan.folder.glob(f"{PREFIX}*"):
        _remove(left)
    folder = quiet.plan.folder / f"{PREFIX}{run}"
    folder.mkdir(mode=0o700)
    if (word := quiet.plan.folder / "password").exists():
        private(folder / "password", word.read_text(encoding="utf-8"))
    try:
        yield Offline(quiet.plan.model_copy(update={"folder": folder}))
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    _rest(folder)
    for _ in range(50):  # the importer of a load that was killed may still write here, and fails at that
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.2)


def _rest(folder: Path) -> None:
    """Stop the server of a folder, and wait for one that stops by itself."""
    server.stop(folder)
    with lease.held(folder / "keeper.lock", fcntl.LOCK_EX):
        return


def load(coming: Offline, files: Path, tables: Mapping[str, str], buffer: int, *, folded: bool) -> None:
    """Run the importer over ``tables``: the name of each file in ``files``, and its labels or its type.

    ``buffer`` is the length of the longest line; ``folded`` when a text goes over several lines.

    Raises:
        GraphUnavailableError: the importer failed.
    """
    settings = coming.plan
    coming.admin(
        "The import",
        *("database", "import", "full", DATABASE, *OPTIONS),
        f"--multiline-fields={str(folded).lower()}",
        f"--read-buffer-size={max(4, buffer // 2**19 + 1)}m",
        f"--report-file={files / 'report'}",
        *_groups(tables),
        heap=settings.heap,
        cwd=files,
    )


def _groups(tables: Mapping[str, str]) -> Sequence[str]:
    """The importer's arguments; the files of nodes come first. Neo4j 2026 wants a folder in every path.

    >>> _groups({"link-0-1": "HAS_EVENT", "node-0-0": "Resource:Patient"})
    ['--nodes=Resource:Patient=./node-0-0.head,./node-0-0.csv', '--relationships=HAS_EVENT=./link-0-1.head,./link-0-1.csv']
    """
    return [
        f"--{'nodes' if name.startswith('node') else 'relationships'}={kind}=./{name}.head,./{name}.csv"
        for name, kind in sorted(tables.items(), key=lambda of: (of[0].startswith("link"), of))
    ]


@contextmanager
def opened(coming: Offline, settings: Settings) -> Iterator[Graph]:
    """The new Neo4j, started; it is stopped at the end."""
    folder = coming.plan.folder
    target = settings.model_copy(update={"graph": f"embedded:{folder}", "grace": 0.0})
    try:
        with open_graph(target) as graph:
            yield graph
    finally:
        _rest(folder)


def settle_in(quiet: Offline, coming: Offline) -> None:
    """Put the new Neo4j where the old one is, which goes."""
    folder = quiet.plan.folder
    if not (folder / "password").exists():
        private(folder / "password", server.password(coming.plan.folder))
    exchange(quiet.plan.home, coming.plan.home, quiet.plan.aside)
