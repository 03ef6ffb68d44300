"""Reading files: every shape of FHIR JSON, and everything that can be wrong with a file."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import Graph
from graph.fhir.read import Found, Item, Refused, read
from graph.fhir.read_stream import Slicer
from graph.journey import journey
from ontology.errors import InvalidInputError, NotFoundError
from tests.conftest import Run
from tests.graph.made import bundle, entry, ndjson, observation, patient

LIMIT = 1 << 20


def resources(*paths: Path, limit: int = LIMIT) -> list[bytes]:
    return [item.raw for item in read(paths, limit) if isinstance(item, Found)]


def refused(*paths: Path, limit: int = LIMIT) -> list[tuple[str, str]]:
    return [(item.place, item.reason) for item in read(paths, limit) if isinstance(item, Refused)]


def ids(items: list[Item]) -> list[str]:
    return [json.loads(item.raw)["id"] for item in items if isinstance(item, Found)]


def test_a_folder_is_read_in_the_order_of_names_and_in_all_its_folders(tmp_path: Path) -> None:
    ndjson(tmp_path / "d/b.ndjson.gz", [patient("b")])
    ndjson(tmp_path / "d/a.ndjson", [patient("a")])
    ndjson(tmp_path / "d/c/c.jsonl", [patient("c")])
    (tmp_path / "d/d.json").write_text(json.dumps(patient("d")))
    (tmp_path / "d/notes.txt").write_text("not FHIR")
    items = list(read([tmp_path / "d"], LIMIT))
    assert ids(items) == ["a", "b", "c", "d"]
    assert [i.source for i in items] == ["d/a.ndjson", "d/b.ndjson.gz", "d/c/c.jsonl", "d/d.json"]


@pytest.mark.parametrize("kind", ["transaction", "batch", "collection", "searchset", "document", "history"])
def test_a_bundle_gives_its_entries(tmp_path: Path, kind: str) -> None:
    path = bundle(tmp_path / "b.json", [entry(patient("a"), "urn:uuid:1"), entry(patient("b"))], kind)
    items = [i for i in read([path], LIMIT) if isinstance(i, Found)]
    assert [(i.entry, i.url, json.loads(i.raw)["id"]) for i in items] == [
        (0, "urn:uuid:1", "a"),
        (1, None, "b"),
    ]


def test_a_line_may_be_a_bundle(tmp_path: Path) -> None:
    path = ndjson(
        tmp_path / "b.ndjson", [{"resourceType": "Bundle", "entry": [entry(patient("a"))]}, patient("b")]
    )
    assert [(i.line, i.entry) for i in read([path], LIMIT)] == [(1, 0), (2, None)]


def test_a_json_file_may_be_ndjson_in_truth(tmp_path: Path) -> None:
    assert len(resources(ndjson(tmp_path / "a.json", [patient("a"), patient("b")]))) == 2


def test_the_text_of_a_resource_is_kept_to_the_last_digit(tmp_path: Path) -> None:
    text = '{ "id":"o", "resourceType" : "Observation","valueQuantity":{"value": 1.10 ,"x":1e400}}'
    path = tmp_path / "b.json"
    path.write_text('{"entry":[{"resource":' + text + '}],"resourceType":"Bundle"}')
    assert resources(path) == [text.encode()]
    assert resources(path, limit=60) == []  # longer than an entry may be
    assert resources(path, limit=110) == [text.encode()]  # cut out of the stream, since the file is longer


def test_a_bundle_too_big_to_hold_gives_the_same_as_one_that_is_held(tmp_path: Path) -> None:
    entries = [entry(patient(f"p{i}", note='a "quoted \\" [{ bracket'), f"urn:uuid:{i}") for i in range(300)]
    path = bundle(tmp_path / "b.json", entries)
    held, cut = (list(read([path], limit)) for limit in (LIMIT, 1000))
    assert [(i.raw, i.entry, i.url) for i in held] == [(i.raw, i.entry, i.url) for i in cut]  # type: ignore[union-attr]
    assert len(held) == 300


@given(
    st.lists(
        st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text()), max_size=3), max_size=5
    ),
    st.integers(1, 40),
)
def test_cutting_does_not_depend_on_where_the_pieces_end(
    elements: list[dict[str, object]], size: int
) -> None:
    document = json.dumps({"x": {"entry": [{"no": 1}]}, "entry": elements, "y": ["entry", [{}]]}).encode()
    slicer = Slicer(limit=1 << 16)
    pieces = [document[i : i + size] for i in range(0, len(document), size)]
    assert [json.loads(s.raw) for p in pieces for s in slicer.feed(p)] == elements
    assert slicer.complete


def test_a_resource_without_id_takes_it_from_its_urn(tmp_path: Path) -> None:
    resource = {"resourceType": "Patient"}
    path = bundle(tmp_path / "b.json", [entry(resource, "urn:uuid:77")])
    (item,) = read([path], LIMIT)
    assert isinstance(item, Found)
    assert (item.assigned, item.scope) == ("77", {"urn:uuid:77": "Patient/77"})


@pytest.mark.parametrize(
    ("url", "id_"),
    [
        ("urn:oid:1.2.3", "1.2.3"),
        ("https://fhir.example.org/r4/Patient/7", "7"),
        ("https://fhir.example.org/r4/Observation/7", None),  # another type than the resource has
        ("https://fhir.example.org/r4", None),
        ("urn:uuid:" + "x" * 65, None),
    ],
)
def test_a_resource_without_id_takes_it_from_its_address(tmp_path: Path, url: str, id_: str | None) -> None:
    (item,) = read([bundle(tmp_path / "b.json", [entry({"resourceType": "Patient"}, url)])], LIMIT)
    assert isinstance(item, Found)
    assert item.assigned == id_


def test_a_truncated_gzip_gives_all_complete_lines(tmp_path: Path) -> None:
    path = ndjson(tmp_path / "a.ndjson.gz", [observation(os.urandom(16).hex()) for _ in range(2000)])
    path.write_bytes(path.read_bytes()[:-2000])
    items = list(read([path], LIMIT))
    *found, last = items
    assert len(found) > 1000
    assert all(isinstance(i, Found) for i in found)
    assert isinstance(last, Refused)
    assert (last.reason, last.line) == ("broken-gzip", len(found) + 1)
    assert last.raw  # what was left of the torn line


def test_a_truncated_gzip_of_a_bundle_gives_the_complete_entries(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    bundle(path, [entry(observation(os.urandom(16).hex())) for _ in range(500)])
    cut = tmp_path / "c.json.gz"
    cut.write_bytes(gzip.compress(path.read_bytes())[:-1500])
    *found, last = read([cut], LIMIT)
    assert len(found) > 100
    assert isinstance(last, Refused)
    assert (last.reason, last.entry) == ("broken-gzip", len(found))


def test_a_broken_bundle_gives_what_stands_before_the_break(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text(
        '{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"a"}},{"resource":{'
    )
    *found, last = read([path], LIMIT)
    assert ids(found) == ["a"]
    assert isinstance(last, Refused)
    assert last.reason == "broken-json"


def test_a_broken_entry_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text(
        '{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"a"}},{"fullUrl":7}]}'
    )
    assert refused(path) == [(f"{tmp_path.name}/b.json entry[1]", "not-a-resource")]
    assert len(resources(path)) == 1


@pytest.mark.parametrize("entry", [5, {"resource": {"resourceType": "Patient", "id": "a"}}, "x"])
@pytest.mark.parametrize("name", ["b.json", "b.ndjson"])
def test_a_bundle_whose_entry_is_no_list_is_said_to_be_so(tmp_path: Path, name: str, entry: object) -> None:
    path = tmp_path / name
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entry}))
    (item,) = read([path], LIMIT)
    assert isinstance(item, Refused)
    assert (item.reason, item.message) == ("bad-value", "the bundle's entry is not a list")


def test_entries_that_hold_no_resource_are_named(tmp_path: Path) -> None:
    path = bundle(
        tmp_path / "b.json", [{"request": {"method": "DELETE", "url": "Patient?name=x"}}, {"fullUrl": "x"}]
    )
    here = f"{tmp_path.name}/b.json"
    assert refused(path) == [(f"{here} entry[0]", "delete"), (f"{here} entry[1]", "no-resource")]


def test_a_line_of_200_mb_is_never_held(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    with path.open("wb") as file:
        file.write(b'{"resourceType":"Patient","id":"a"}\n{"resourceType":"Binary","id":"b","data":"')
        for _ in range(200):
            file.write(b"x" * 2**20)
        file.write(b'"}\n{"resourceType":"Patient","id":"c"}\n')
    peak = (
        "print(next(int(s.split()[1]) // 1024 for s in open('/proc/self/status') if s.startswith('VmHWM')));"
    )
    script = (
        "import sys; from graph.fhir.read import read, Found;"
        + peak
        + "print([i.raw[-4:].decode() if isinstance(i, Found) else (i.reason, i.line, len(i.raw), i.size > 2e8)"
        " for i in read([sys.argv[1]], 1 << 23)]);"
        # VmHWM begins anew with the program; getrusage would count what the test's own process held when it forked.
         + peak
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    empty, items, memory = done.stdout.splitlines()
    assert items == "['\"a\"}', ('too-long', 2, 65536, True), '\"c\"}']"
    assert int(memory) - int(empty) < 80


@pytest.mark.parametrize("text", [b"", b"  \n\n", gzip.compress(b"", mtime=0), b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", ["a.json", "a.ndjson"])
def test_an_empty_file_is_named(tmp_path: Path, name: str, text: bytes) -> None:
    (tmp_path / name).write_bytes(text)
    assert refused(tmp_path / name) == [(f"{tmp_path.name}/{name}", "empty-file")]


def test_an_unreadable_folder_and_file_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    ndjson(tmp_path / "d/a.ndjson", [patient("a")])
    (tmp_path / "d/gone.ndjson").symlink_to(tmp_path / "nowhere")
    ndjson(tmp_path / "d/locked/x.ndjson", [patient("x")])
    (tmp_path / "d/locked").chmod(0)
    items = list(read([tmp_path / "d"], LIMIT))
    (tmp_path / "d/locked").chmod(0o700)
    problems = {(i.source, i.reason) for i in items if isinstance(i, Refused)}
    assert ("d/gone.ndjson", "unreadable") in problems
    # The superuser may read any folder.
    assert (("d/locked", "unreadable") in problems) == (os.geteuid() != 0)
    assert ids(items)[0] == "a"


def test_a_folder_that_cannot_be_listed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ndjson(tmp_path / "d/a.ndjson", [patient("a")])
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return real(path)

    (tmp_path / "d/locked").mkdir()
    monkeypatch.setattr(os, "scandir", scandir)
    assert refused(tmp_path / "d") == [("d/locked", "unreadable")]


def test_a_path_that_is_not_there_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        list(read([tmp_path / "nowhere"], LIMIT))
    (tmp_path / "a.txt").write_text("{}")
    with pytest.raises(InvalidInputError):
        list(read([tmp_path / "a.txt"], LIMIT))


def test_a_file_is_known_by_one_name_whether_it_or_its_folder_was_given(tmp_path: Path) -> None:
    path = ndjson(tmp_path / "d/a.ndjson", [patient("a")])
    assert [i.source for given in (path, tmp_path / "d") for i in read([given], LIMIT)] == ["d/a.ndjson"] * 2


@pytest.mark.neo4j
def test_a_file_whose_name_is_no_utf8_goes_in_like_any_other(
    graph: Graph, cwm: Callable[..., Run], tmp_path: Path
) -> None:
    """Folders from older systems have such names."""
    folder = tmp_path / b"caf\xe9".decode(errors="surrogateescape")
    odd = folder / b"\xe9.ndjson".decode(errors="surrogateescape")
    ndjson(odd, [patient("a"), {"resourceType": "Patient"}])
    (folder / b"\xe9.json".decode(errors="surrogateescape")).symlink_to("nowhere")
    for path in (folder, odd):
        said = cwm("ingest", str(path), "--json")
        assert said.status == 1, said.err
        assert "caf\ufffd/\ufffd.ndjson:2" in {place["place"] for place in said.json["set_aside_sample"]}
    assert journey(graph, "a").patient["key"] == "Patient/a"
    assert cwm("ingest", str(folder / odd.stem)).status == 3


def test_a_folder_with_nothing_to_read_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "d" / "deep").mkdir(parents=True)
    (tmp_path / "d" / "person.csv").write_text("person_id|year_of_birth\n1|1950\n")
    with pytest.raises(NotFoundError, match=r"nothing to read.*PERSON\.csv.*semicolon or tab") as told:
        list(read([tmp_path / "d"], LIMIT))
    assert told.value.exit_status == 3
