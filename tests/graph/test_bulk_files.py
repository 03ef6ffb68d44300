"""What a bulk load writes and remembers before the importer sees it: nothing lost, nothing twice, the batches of an ingest."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph import Settings
from graph.bulk.cells import ARRAY, BLANK, DELIMITER, EMPTY, QUOTE, OddError, column, joined
from graph.bulk.drop import drop
from graph.bulk.ends import END, Ends, concept, hashed
from graph.bulk.ledger import Ledger
from graph.bulk.load import Load
from graph.bulk.numbers import NUMBERED, Numbers
from graph.bulk.numbers import _found as found_among
from graph.bulk.spool import DELETION, ITEM, NOTHING, ODD, PART, ROW, Spool, pack
from graph.bulk.table import ENDS, OWN, Table
from graph.fhir.read import find, read
from graph.fhir.read_items import Found
from graph.ingest_plan import batches
from graph.ingest_rows import Row
from graph.ingest_rows import row as rows_of
from graph.spread import here
from ontology.errors import GraphUnavailableError
from tests.graph.awkward import files, shuffled
from tests.graph.made import Resource, observation, patient

KEYS = st.sampled_from([f"Patient/{i}" for i in range(6)])
STATES = st.sampled_from([NOTHING, ROW, DELETION, ODD])
QUICK = settings(max_examples=60, deadline=None)


@pytest.fixture(params=[2_000_000, 2], ids=["at once", "in pieces"])
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.bulk.ledger.PIECE", request.param)
    monkeypatch.setattr("graph.bulk.numbers.PIECE", request.param)
    if request.param == 2:
        for name, value in (("numbers.AT_ONCE", 3), ("numbers.BYTES", 60), ("ends.KEPT", 2)):
            monkeypatch.setattr(f"graph.bulk.{name}", value)


def noted(folder: Path, items: list[tuple[str, int, int]]) -> Ledger:
    """A ledger of items: key, weight, state."""
    ledger = Ledger(folder)
    rows = [(*(hashed(key) if state else (0, 0)), weight, state) for key, weight, state in items]
    ledger.items(np.array(rows, ITEM).tobytes())
    return ledger


@pytest.mark.usefixtures("piece")
@QUICK
@given(items=st.lists(st.tuples(KEYS, STATES), max_size=12))
def test_what_has_several_versions_or_a_deletion_waits_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, items: list[tuple[str, int]]
) -> None:
    ledger = noted(tmp_path_factory.mktemp("l"), [(key, 1, state) for key, state in items])
    ledger.close()
    keys = [key for key, state in items if state]
    expected = [state in {DELETION, ODD} or (state == ROW and keys.count(key) > 1) for key, state in items]
    assert ledger.later().tolist() == expected


RESOURCES = st.lists(
    st.tuples(KEYS, st.booleans(), st.lists(KEYS, max_size=4), st.booleans()),
    unique_by=lambda resource: resource[0],
)
"""A resource: its key, whether it contains another, what it refers to (and is coded by), whether they are written at once."""


@pytest.mark.usefixtures("piece")
@QUICK
@given(resources=RESOURCES, dropped=st.sets(KEYS))
def test_every_end_that_stays_is_filled_in_with_the_number_of_its_node(
    tmp_path_factory: pytest.TempPathFactory,
    resources: list[tuple[str, bool, list[str], bool]],
    dropped: set[str],
) -> None:
    folder, notes = tmp_path_factory.mktemp("f"), tmp_path_factory.mktemp("n")
    processes = [
        (Ends(folder, p), Table(folder, f"node-{p}-0"), Table(folder, f"link-{p}-1", ENDS)) for p in "01"
    ]
    ledger = noted(notes, [(key, 1, ROW) for key, *_ in resources])
    for number, (key, part, targets, now) in enumerate(resources):
        ends, node, link = processes[number % 2]
        node.keep(number, (str(number),), {"key": key, "fhir": "é\n𝒳"})
        if part:
            inner = ends.part(f"{key}#a")
            node.keep(number, (BLANK,), {"key": f"{key}#a"}, inner)
            link.keep(number, (BLANK, BLANK), {"said": f"{key}#a {key}", "more": "é"}, inner, OWN)
            ledger.parts(np.array([(*hashed(f"{key}#a"), number)], PART).tobytes())
        for target in targets:
            end = OWN if target == key else ends.said(target)
            link.keep(number, (BLANK, BLANK), {"said": f"{key} {target}"}, OWN, end)
            link.keep(number, (BLANK, BLANK), {"said": f"{key} |{target}"}, OWN, ends.concept(target))
        for table in (node, link) if now else ():
            written(table)
    for ends, node, link in processes:
        written(node)
        written(link)
        ends.write()
    ledger.close()
    gone = np.array([key in dropped for key, *_ in resources], bool)
    drop(folder, gone)
    codes = {
        target: ledger.free + at
        for at, target in enumerate(sorted({t for _, _, said, _ in resources for t in said}))
    }
    coded = np.array([(*concept(key), number) for key, number in codes.items()], NUMBERED)
    numbers = Numbers(folder)
    free = ledger.free + len(codes)
    missing = list(numbers.settle(lambda: [*ledger.nodes(gone), coded], free))
    numbers.fill()

    stay = [(key, part, targets) for key, part, targets, _ in resources if key not in dropped]
    kept = {key for key, _, _ in stay}
    wanted = sorted({target for _, _, targets in stay for target in targets} - kept)
    assert sorted(key for _, key in missing) == wanted
    assert [number for number, _ in missing] == list(range(free, free + len(missing)))
    names = dict(missing) | {number: f"|{key}" for key, number in codes.items()}
    names |= {int(cells[0]): cells[1] for cells in cells_of(folder, "node")}
    assert sorted(names.values()) == sorted(
        [*kept, *(f"{key}#a" for key, part, _ in stay if part), *wanted, *(f"|{key}" for key in codes)]
    )
    links = cells_of(folder, "link")
    assert [f"{names[int(a)]} {names[int(b)]}" for a, b, *_ in links] == [said for _, _, said, *_ in links]
    assert len(links) == sum(part + 2 * len(targets) for _, part, targets in stay)
    assert {path.suffix for path in folder.iterdir()} <= {".csv", ".head"}


def cells_of(folder: Path, kind: str) -> list[list[str]]:
    return [parsed(line) for path in sorted(folder.glob(f"{kind}-*.csv")) for line in _records(path)]


def test_keys_that_share_half_of_their_hashes_are_told_apart() -> None:
    ends = np.array([(1, 1, 0, 1), (1, 2, 0, 1), (1, 4, 0, 1), (2, 1, 0, 1)], END)
    nodes = np.array([(1, 4, 40), (2, 1, 21), (1, 3, 30), (1, 1, 10), (3, 1, 50)], NUMBERED)
    none = 2**64 - 1
    assert found_among(ends, [nodes[:2], nodes[2:]]).tolist() == [10, none, 40, 21]


@pytest.mark.parametrize("fault", ["an end that is no node", "a shorter file"])
def test_files_that_do_not_fit_together_are_not_imported(tmp_path: Path, fault: str) -> None:
    ends, link = Ends(tmp_path, "0"), Table(tmp_path, "link-0-0", ENDS)
    link.keep(0, (BLANK, BLANK), {"path": "code"}, OWN, ends.concept("c"))
    written(link)
    ends.write()
    numbers = Numbers(tmp_path)
    nodes = [] if fault == "an end that is no node" else [(*concept("c"), 1)]
    assert not list(numbers.settle(lambda: [np.array(nodes, NUMBERED)], 2))
    if fault == "a shorter file":
        path = tmp_path / "link-0-0-0.csv"
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(GraphUnavailableError, match="do not fit together"):
        numbers.fill()


@QUICK
@given(
    items=st.lists(st.tuples(st.integers(1, 60), STATES), max_size=30),
    most=st.integers(1, 5),
    weight=st.integers(1, 90),
)
def test_batches_are_those_of_an_ingest(
    tmp_path_factory: pytest.TempPathFactory, items: list[tuple[int, int]], most: int, weight: int
) -> None:
    ledger = noted(tmp_path_factory.mktemp("l"), [("Patient/1", size, state) for size, state in items])
    ledger.close()
    rows = [SimpleNamespace(number=n, weight=size) for n, (size, state) in enumerate(items) if state]
    expected = [[row.number for row in batch] for batch in batches(rows, most, weight)]  # type: ignore[arg-type, attr-defined]
    numbers = ledger.batches(most, weight)
    made: dict[int, list[int]] = {}
    for row in rows:
        made.setdefault(int(numbers[row.number]), []).append(row.number)
    assert list(made.values()) == expected


@QUICK
@given(
    pieces=st.lists(st.tuples(st.integers(0, 4), st.text("ab\né𝒳", max_size=5)), min_size=1),
    gone=st.sets(st.integers(0, 4)),
    at_once=st.booleans(),
)
def test_a_resource_that_is_taken_out_leaves_the_others_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[int, str]], gone: set[int], at_once: bool
) -> None:
    folder = tmp_path_factory.mktemp("d")
    table = Table(folder, "node-0-0", ())
    for owner, text in pieces:
        table.keep(owner, (), {"a": text})
        if not at_once:
            written(table)
    written(table)
    drop(folder, np.array([owner in gone for owner in range(5)], bool))
    left = joined([column("string", [text for owner, text in pieces if owner not in gone])])
    assert (folder / "node-0-0-0.csv").read_bytes().decode() == "".join(f"{line}\n" for line in left)


def written(table: Table) -> None:
    assert table.make() == set()
    table.write()


def spooled(
    folder: Path, *resources: Resource, url: str | None = None
) -> tuple[list[int], dict[str, list[list[str]]]]:
    """The states of resources, and the lines of each file by its labels or type, with the head."""
    spool = Spool(folder, "0", "run", None)
    packed = [(n, pack(Found("a.ndjson", n, orjson.dumps(r), url=url))) for n, r in enumerate(resources)]
    answer = spool.write(packed)
    files = {
        kind: [
            line.split(DELIMITER)
            for path in (folder / f"{name}.head", folder / f"{name}.csv")
            for line in path.read_text().splitlines()
        ]
        for name, kind in answer.tables
    }
    return np.frombuffer(answer.items, ITEM)["state"].tolist(), files


def test_a_resource_becomes_lines_with_typed_columns(tmp_path: Path) -> None:
    states, found = spooled(
        tmp_path, patient("p"), observation("o", "Patient/p", valueQuantity={"value": 1.5})
    )
    assert states == [ROW, ROW]
    head, line = found["Resource:Observation:Event"]
    cells = dict(zip(head, line, strict=True))
    assert cells[":ID"] == "1"
    assert cells["key:string"] == "Observation/o"
    assert cells["value:double"] == "1.5"
    assert cells["codes:string[]"] == "http://loinc.org|8867-4"
    assert cells["start:datetime"] == "2020-01-01T09:00:00Z"
    assert found["CODED"] == [[":START_ID", ":END_ID", "path:string"], [BLANK, BLANK, "code"]]


@pytest.mark.parametrize("cells", [[], [""]])
def test_a_list_that_would_come_back_as_another_is_not_written(cells: list[str]) -> None:
    with pytest.raises(OddError):
        column("string[]", [cells])


ODDITIES = {
    "a control character": patient("a", name=[{"text": f"x{DELIMITER}y"}]),
    "a control character in a reference": observation("a", "Patient?identifier=s%1F|1"),
    "a quote in a reference": observation("a", "Patient?identifier=s%1E|1"),
    "a display that is no text": observation("a", code={"coding": [{"system": "s", "code": "c", "display": 7}]}),
}  # fmt: skip


@pytest.mark.parametrize("what", ODDITIES)
def test_what_the_files_cannot_hold_leaves_no_line_in_them(tmp_path: Path, what: str) -> None:
    states, found = spooled(tmp_path, ODDITIES[what], patient("b"))
    assert states == [ODD, ROW]
    assert [[cell for cell in row if "/a" in cell] for rows in found.values() for row in rows] == [[], []]


def test_a_cell_of_several_lines_is_quoted_and_the_empty_text_is_not_nothing() -> None:
    assert joined([["a\nb"], [""], [EMPTY]]) == [DELIMITER.join([f"{QUOTE}a\nb{QUOTE}", "", EMPTY])]
    for text in (f"a\n{QUOTE}", DELIMITER, 7):
        with pytest.raises(OddError):
            joined([["a", text]])  # type: ignore[list-item]
    assert column("string", ["", None]) == [EMPTY, ""]
    assert column("string[]", [["x", ""], None]) == [f"x{ARRAY}", ""]


def test_every_line_of_a_file_is_as_long_as_its_head(tmp_path: Path) -> None:
    table = Table(tmp_path, "x", ())
    for owner, props in enumerate([{"a": "1"}, {"a": "2", "b": "3"}, {"c": "4"}, {"a": "5"}]):
        table.keep(owner, (), props)
        if owner in {0, 1, 3}:
            written(table)
    widths = {
        name: {
            line.count(DELIMITER) for end in ("head", "csv") for line in _lines(tmp_path / f"{name}.{end}")
        }
        for name in table.files
    }
    assert widths == {"x-0": {0}, "x-1": {1}, "x-2": {2}}


def _lines(path: Path) -> list[str]:
    return path.read_text().split("\n")[:-1]


CELLS = {
    "t": st.one_of(st.none(), st.text("ab", max_size=2)),
    "u": st.text("ab", min_size=1, max_size=2),
    "n": st.integers(-3, 3),
    "x": st.floats(-2, 2),
    "b": st.booleans(),
    "l": st.lists(st.text("ab", max_size=1), min_size=2, max_size=3),
}
"""Values by the name of their column."""
PROPS = st.lists(st.sampled_from(sorted(CELLS)), unique=True, min_size=1).flatmap(
    lambda names: st.fixed_dictionaries({name: CELLS[name] for name in names})
)
TIMES = st.lists(st.sampled_from(["start", "end"]), unique=True)


@QUICK
@given(rows=st.lists(st.tuples(PROPS, TIMES, st.booleans()), min_size=1, max_size=6))
def test_each_value_stands_in_its_column_whatever_the_order_and_the_names(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[dict[str, Any], list[str], bool]]
) -> None:
    folder = tmp_path_factory.mktemp("t")
    table = Table(folder, "x", ENDS)
    for owner, (props, times, now) in enumerate(rows):
        said = props | {name: datetime(1970, 1, 1, 0, 0, owner, tzinfo=UTC) for name in times}
        table.keep(owner, (f"a{owner}", f"b{owner}"), said)
        if now:
            written(table)
    written(table)
    found: list[dict[str, str]] = []
    for name in table.files:
        head, *lines = (_lines(folder / f"{name}.{end}") for end in ("head", "csv"))
        names = [
            cell.partition(":")[0] if n > 1 else f"end{n}" for n, cell in enumerate(head[0].split(DELIMITER))
        ]
        found += [dict(zip(names, line.split(DELIMITER), strict=True)) for line in lines[0]]
    ways = {"t": lambda v: EMPTY if v == "" else v or "", "u": str, "n": str, "x": repr,
            "b": lambda v: str(v).lower(), "l": ARRAY.join}  # fmt: skip
    found.sort(key=lambda cells: int(cells["end0"][1:]))  # lines alike stand together
    for owner, (cells, (props, times, _)) in enumerate(zip(found, rows, strict=True)):
        wanted = {"end0": f"a{owner}", "end1": f"b{owner}"}
        wanted |= {name: ways[name](value) for name, value in props.items()}
        wanted |= dict.fromkeys(times, f"1970-01-01T00:00:0{owner}Z")
        assert cells == {name: wanted.get(name, "") for name in cells}
        assert set(wanted) <= set(cells)


def test_a_time_and_a_text_of_one_name_are_told_apart(tmp_path: Path) -> None:
    table = Table(tmp_path, "x", ())
    table.keep(0, (), {"a": "x", "n": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)})
    for owner, cell in enumerate(("text", ["several", "texts", "of it"]), 1):
        table.keep(owner, (), {"a": "x", "n": cell})
    assert table.make() == {1, 2}
    table.write({1, 2})
    assert _lines(tmp_path / "x-0.csv") == [f"x{DELIMITER}1970-01-01T00:00:01Z"]


@pytest.mark.parametrize("value", [7, 1.5, True, ["a"]])
def test_a_value_of_another_type_than_its_column_takes_only_its_own_resource_out(
    tmp_path: Path, value: Any
) -> None:
    for name, first, second in (("x", "text", value), ("y", value, "text")):
        table = Table(tmp_path, name, ())
        for owner, cell in enumerate((first, second, first)):
            table.keep(owner, (), {"a": cell})
        assert table.make() == {1}
        table.write({1})
        assert len(_lines(tmp_path / f"{name}-0.csv")) == 2


def test_a_value_that_the_importer_does_not_know_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(OddError):
        Table(tmp_path, "x").keep(0, ("0",), {"a": {"b": 1}})


def test_what_is_spoken_of_by_a_resource_that_cannot_be_written_spoils_no_other(tmp_path: Path) -> None:
    fine = [observation(f"o{n}", "Patient/p") for n in range(3)]
    states, found = spooled(tmp_path, fine[0], ODDITIES["a quote in a reference"], *fine[1:])
    assert states == [ROW, ODD, ROW, ROW]
    assert [len(found[kind]) for kind in ("Resource:Observation:Event", "HAS_EVENT", "CODED")] == [4, 4, 4]


@pytest.mark.parametrize("seed", range(3))
def test_both_ends_of_every_relationship_are_nodes_and_no_node_is_there_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("graph.bulk.load.RESOURCES", 20)
    monkeypatch.setattr("graph.bulk.numbers.AT_ONCE", 7)
    monkeypatch.setattr("graph.bulk.numbers.PIECE", 50)
    paths = shuffled(files(tmp_path / "in"), seed)
    out, notes = tmp_path / "out", tmp_path / "notes"
    out.mkdir()
    notes.mkdir()
    load = Load(Settings(home=tmp_path), paths, find(paths), here, strict=False, fhir=None, progress=None)
    ledger = Ledger(notes)
    with load.aside() as aside:
        load.write(out, ledger, aside, workers=1)
    nodes: dict[str, dict[str, str]] = {}
    there: set[str] = set()
    links: list[tuple[str, dict[str, str]]] = []
    for name, kind in sorted(load.tables.items(), key=lambda of: of[0].startswith("link")):
        head, *rows = (parsed(line) for line in _records(out / f"{name}.head", out / f"{name}.csv"))
        for row in rows:
            cells = dict(zip(head, row, strict=True))
            if ":ID" in cells:
                assert nodes.setdefault(str(int(cells[":ID"])), cells) is cells
                if kind not in {"Concept", "Resource:Dangling"}:
                    there.add(cells["key:string"])
            else:
                links.append((kind, cells))
    assert len(nodes) > 100
    assert len({(cells.get("system:string"), cells["key:string"]) for cells in nodes.values()}) == len(nodes)
    keys = {number: cells["key:string"] for number, cells in nodes.items()}
    found = Counter(
        (kind, *(keys[str(int(cells[end]))] for end in ENDS), cells["path:string"]) for kind, cells in links
    )
    made = [rows_of(item, "run") for item in read(paths, 2**26) if isinstance(item, Found)]
    whole = [one for one in made if isinstance(one, Row) and one.key in there]
    assert len(whole) > 50
    said = [
        (link["type"], link["a"], link["b"], link["props"]["path"]) for one in whole for link in one.links
    ]
    said += [("CODED", code["key"], code["code"], code["path"]) for one in whole for code in one.codes]
    assert found == Counter(said)


def _records(*paths: Path) -> list[str]:
    """The lines of the files, each with all that is quoted in it."""
    text = "".join(path.read_bytes().decode() for path in paths)
    quoted = text.split(QUOTE)
    whole = [part if at % 2 == 0 else part.replace("\n", "\v") for at, part in enumerate(quoted)]
    return QUOTE.join(whole).split("\n")[:-1]


def parsed(line: str) -> list[str]:
    return [cell.strip(QUOTE) for cell in line.split(DELIMITER)]


def test_what_is_written_later_weighs_what_it_weighs_in_a_batch(tmp_path: Path) -> None:
    part = observation("in", "Patient/p", code={"text": "x"})
    whole = [
        observation("o", "Patient/p", contained=[part], note=[{"text": text}])
        for text in ("fine", f"x{ARRAY}y")
    ]
    packed = [(n, pack(Found("a.ndjson", n, orjson.dumps(r)))) for n, r in enumerate(whole)]
    items = np.frombuffer(Spool(tmp_path, "0", "run", None).write(packed).items, ITEM)
    assert items["state"].tolist() == [ROW, ODD]
    rows = [rows_of(Found("a.ndjson", n, orjson.dumps(r)), "run") for n, r in enumerate(whole)]
    assert items["weight"].tolist() == [row.weight for row in rows if isinstance(row, Row)]
