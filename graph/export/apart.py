"""A private graph of its own with just what is asked for, for exports that copy a graph as it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from graph import server
from graph.connection import Graph, open_graph
from graph.export import fhir
from graph.export.request import Request
from graph.ingest import ingest
from graph.progress import Progress, silent
from ontology.errors import CwmError


@contextmanager
def apart(graph: Graph, asked: Request, progress: Progress = silent) -> Iterator[Graph]:
    """What is asked for, written as FHIR bundles and taken into a graph that is gone when the work with it ends.

    It lies beside the private graphs of this user, where other records lie too, and not in the folder of all users for what is
    temporary.

    Raises:
        CwmError: some of the bundles cannot go in.
        GraphUnavailableError: a private Neo4j cannot be started, or has not enough disk.
    """
    home = graph.settings.home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(prefix="apart-", dir=home) as scratch:
        bundles = Path(scratch, "bundles")
        fhir.bundles(graph, bundles, asked, progress=progress)
        settings = graph.settings.model_copy(
            update={"home": Path(scratch, "home"), "graph": None, "grace": 0.0}
        )
        folder = settings.home / "graph"
        try:
            with open_graph(settings) as copy:
                if any(bundles.iterdir()):
                    _take(copy, bundles, progress)
                yield copy
        finally:
            server.stop(folder)


def _take(copy: Graph, bundles: Path, progress: Progress) -> None:
    report = ingest(copy, [bundles], progress=progress)
    if report.set_aside:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(report.reasons.items()))
        raise CwmError("Some of what was asked for cannot go into a graph of its own.", got=reasons)
