"""Every notebook of docs/notebooks runs from its first cell to its last on a real graph, and holds no answers."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from graph import Graph
from graph.ingest import ingest
from tests.data import demo_slice, write_ndjson
from tests.docs.test_tree import ROOT
from tests.graph import clinic

FOLDER = ROOT / "docs" / "notebooks"


def _journeys(graph: Graph) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert ingest(graph, [write_ndjson(Path(folder), demo_slice(3))]).set_aside == 0


NEEDS: dict[str, Callable[[Graph], None]] = {
    "journeys-and-cohorts": _journeys,
    "questions-and-agents": clinic.build,
}
"""What each notebook finds in the graph."""

ALL = sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def test_every_notebook_is_run_here_and_named_in_the_guide() -> None:
    assert set(ALL) == set(NEEDS)
    guide = (ROOT / "docs" / "research.md").read_text(encoding="utf-8")
    assert [name for name in ALL if f"notebooks/{name}.ipynb" not in guide] == []


@pytest.mark.parametrize("name", ALL)
def test_a_notebook_is_kept_without_answers(name: str) -> None:
    book = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbformat.validate(book)
    assert all(
        not cell.outputs and cell.execution_count is None for cell in book.cells if cell.cell_type == "code"
    )


@pytest.mark.neo4j
@pytest.mark.parametrize("name", ALL)
def test_a_notebook_runs(name: str, graph: Graph) -> None:
    NEEDS[name](graph)
    book = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    # By files in place of ports, which another program can be given before the kernel has them.
    kernel = AsyncKernelManager(kernel_name="python3", transport="ipc")
    NotebookClient(book, km=kernel, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
    shown = [
        out
        for cell in book.cells
        if cell.cell_type == "code"
        for out in cell.outputs
        if out.output_type != "stream"
    ]
    assert len(shown) >= 3
