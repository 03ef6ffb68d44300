"""Rows that a newer release drops: shown first, deleted only when asked, and never because a file was cut or not there."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graph import Graph
from graph.ingest import ingest
from graph.journey import journey
from graph.tabular.dropped import compare, delete
from ontology.errors import InvalidInputError
from tests.conftest import Run
from tests.graph.omop_made import TABLES, omop

pytestmark = pytest.mark.neo4j

Rows = list[dict[str, Any]]
ROW = TABLES["MEASUREMENT"][0]


def release(folder: Path, day: str | None, **tables: Any) -> Path:
    about = [{"cdm_source_abbreviation": "GH", "cdm_release_date": day}] if day else None
    return omop(folder / (day or "undated"), {"CDM_SOURCE": about} | tables)


def measurements(*numbers: int, **more: Any) -> Rows:
    return [ROW | {"measurement_id": n} | more for n in numbers]


def seen(graph: Graph, at: datetime | None = None) -> set[str]:
    person = graph.read("tabular.others", prefix="Patient/omop-", moment="x")[0]["key"]
    facts = journey(graph, person.removeprefix("Patient/"), at).facts
    return {fact["key"].rsplit("-", 1)[1] for fact in facts if "-measurement-" in fact["key"]}


def test_what_a_release_drops_is_deleted_as_of_its_date_and_only_when_asked(
    graph: Graph, tmp_path: Path, cwm: Callable[..., Run]
) -> None:
    ingest(graph, [release(tmp_path, "2024-01-01", MEASUREMENT=measurements(1, 2, 3, 4, 5))])
    second = release(tmp_path, "2024-02-01", MEASUREMENT=measurements(1, 2, 3), NOTE=None)
    not_yet = cwm("dropped", str(second), "--json").json
    assert (not_yet["tables"], not_yet["skipped"]["MEASUREMENT"][:11]) == ({}, "not all of ")
    ingest(graph, [second])
    shown = cwm("dropped", str(second))
    assert "MEASUREMENT" in shown.out
    assert "Nothing was deleted" in shown.err
    assert seen(graph) == {"1", "2", "3", "4", "5"}
    done = cwm("dropped", str(second), "--delete", "--json").json
    # The table of notes is not in the second release, so nothing is said of it.
    assert (done["tables"], done["deleted"], done["skipped"]) == ({"MEASUREMENT": 2}, 2, {})
    assert seen(graph) == {"1", "2", "3"}
    assert seen(graph, datetime(2024, 1, 15, tzinfo=UTC)) == {"1", "2", "3", "4", "5"}
    assert compare(graph, [second]).tables == {}
    # The first release again brings nothing back, and is not the newest; a third that has the row does.
    ingest(graph, [release(tmp_path, "2024-01-01")])
    assert seen(graph) == {"1", "2", "3"}
    with pytest.raises(InvalidInputError, match="later release"):
        compare(graph, [tmp_path / "2024-01-01"])
    ingest(graph, [release(tmp_path, "2024-03-01", MEASUREMENT=measurements(4))])
    assert "4" in seen(graph)


def test_a_table_that_is_cut_or_has_bad_rows_deletes_nothing(graph: Graph, tmp_path: Path) -> None:
    ingest(graph, [release(tmp_path, "2024-01-01", MEASUREMENT=measurements(1, 2, 3, 4, 5))])
    bad = [*measurements(1, 2, 3), ROW | {"measurement_id": 4, "value_as_number": "high"}]
    third = release(tmp_path, "2024-02-01", MEASUREMENT=bad)
    ingest(graph, [third])
    assert compare(graph, [third]).skipped == {"MEASUREMENT": "1 of its rows cannot be read"}
    cut = release(tmp_path, "2024-03-01", MEASUREMENT=measurements(1))
    ingest(graph, [cut])
    found = compare(graph, [cut])
    with pytest.raises(InvalidInputError, match="4 of 5"):
        delete(graph, found)
    assert seen(graph) == {"1", "2", "3", "4", "5"}
    assert delete(graph, found, force=True).deleted == 4


def test_tables_that_do_not_say_which_release_they_are_delete_nothing(graph: Graph, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="which release"):
        compare(graph, [release(tmp_path, None)])
