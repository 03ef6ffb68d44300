"""A backup: one file from which the same graph comes back, refused while the graph is used, never half restored."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph import Settings, open_graph, server
from graph.backup import backup, look, restore
from graph.digest import digest
from graph.ingest import ingest
from ontology.errors import InvalidInputError, NotFoundError
from tests.data import demo_slice, write_ndjson

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.neo4j, pytest.mark.slow]


def _own(home: Path) -> Settings:
    return Settings(home=home, heap="400m", page_cache="32m", grace=0)


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """A private graph of the test's own."""
    one = _own(tmp_path / "one")
    yield one
    assert one.embedded
    server.stop(one.embedded)


def test_a_graph_comes_back_the_same_in_an_empty_folder_and_in_its_own(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "backups" / "first.cwm"
    with pytest.raises(InvalidInputError, match="no graph to back up"):
        backup(settings, file)
    with open_graph(settings) as graph:
        ingest(graph, [write_ndjson(tmp_path / "one-patient", demo_slice(1))])
        before = digest(graph)
        with pytest.raises(InvalidInputError, match="in use"):
            backup(settings, file)
    made = backup(settings, file)
    assert file.stat().st_mode & 0o077 == 0
    assert list(file.parent.iterdir()) == [file]
    assert look(file) == made
    with pytest.raises(InvalidInputError, match="there already"):
        backup(settings, file)

    other = _own(tmp_path / "other")
    assert restore(other, file) == made
    with open_graph(other) as graph:
        assert digest(graph) == before
        ingest(graph, [write_ndjson(tmp_path / "two-patients", demo_slice(2))])
        assert digest(graph) != before
    with pytest.raises(InvalidInputError, match="a graph already"):
        restore(other, file)
    restore(other, file, overwrite=True)
    with open_graph(other) as graph:
        assert digest(graph) == before
    assert other.embedded
    assert not list(other.embedded.glob("restoring*"))
    assert not (other.embedded / "replaced").exists()
    server.stop(other.embedded)


def test_a_restore_after_one_that_was_killed_does_not_meet_its_tool(
    settings: Settings, tmp_path: Path
) -> None:
    """The tool of Neo4j outlives the command that was killed for a moment, and still loads what it was told to."""
    file = tmp_path / "graph.cwm"
    with open_graph(settings) as graph:
        ingest(graph, [write_ndjson(tmp_path / "one-patient", demo_slice(1))])
        before = digest(graph)
    backup(settings, file)
    folder = settings.embedded
    assert folder is not None
    code = (
        "import sys; from pathlib import Path; from graph import Settings; from graph.backup import restore\n"
    )
    code += "restore(Settings(home=sys.argv[1], heap='400m', page_cache='32m'), Path(sys.argv[2]), overwrite=True)"
    for moment in (0.2, 1.0):
        first = subprocess.Popen([sys.executable, "-c", code, settings.home, file], cwd=ROOT)
        while not list(folder.glob("restoring*/neo4j/conf/neo4j.conf")):
            assert first.poll() is None
            time.sleep(0.02)
        time.sleep(moment)
        first.kill()
        first.wait()
        restore(settings, file, overwrite=True)
    with open_graph(settings) as graph:
        assert digest(graph) == before
    assert not list(folder.glob("restoring*"))


def test_a_graph_that_was_to_stay_up_stays_so_after_a_backup_that_failed(tmp_path: Path) -> None:
    settings = _own(tmp_path / "home")
    folder = settings.embedded
    assert folder is not None
    server.stay(folder, on=True)
    with pytest.raises(InvalidInputError, match="no graph to back up"):
        backup(settings, tmp_path / "x.cwm")
    assert (folder / "stay").exists()


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A file that looks like a backup."""
    import io
    import json
    import tarfile

    file = tmp_path / "broken.cwm"
    manifest = {
        "made": "2026-01-01T00:00:00Z", "neo4j": "5.26.25", "software": "0", "bytes": 4, "sha256": "0" * 64
    }  # fmt: skip
    with tarfile.open(file, "w") as tar:
        for name, content in (("manifest.json", json.dumps(manifest).encode()), ("neo4j.dump", b"dump")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file


@pytest.mark.parametrize("damage", ["checksum", "cut", "text", "absent", "folder"])
def test_a_file_that_is_no_whole_backup_is_refused_and_nothing_is_touched(
    damage: str, broken: Path, tmp_path: Path
) -> None:
    if damage == "cut":
        broken.write_bytes(broken.read_bytes()[:1100])
    elif damage == "text":
        broken.write_text("no backup at all")
    elif damage == "absent":
        broken.unlink()
    elif damage == "folder":
        broken.unlink()
        broken.mkdir()
    settings = _own(tmp_path / "home")
    refused = NotFoundError if damage == "absent" else InvalidInputError
    with pytest.raises(refused, match=r"no whole backup|no such file"):
        restore(settings, broken)
    assert not settings.home.exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'"5.26.25"', b'"9.26.25"', "newer Neo4j"),
        (b'"software": "0"', b'"software": "9"', "later version of the platform"),
    ],
)
def test_a_backup_of_what_is_newer_is_refused(
    old: bytes, new: bytes, words: str, broken: Path, tmp_path: Path
) -> None:
    import hashlib

    text = broken.read_bytes().replace(b"0" * 64, hashlib.sha256(b"dump").hexdigest().encode())
    broken.write_bytes(text.replace(old, new))
    with pytest.raises(InvalidInputError, match=words):
        restore(_own(tmp_path / "home"), broken)
    assert not (tmp_path / "home").exists()


def test_a_graph_at_an_address_is_not_ours_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="not ours"):
        backup(Settings(home=tmp_path, graph="bolt://127.0.0.1:1"), tmp_path / "x")
