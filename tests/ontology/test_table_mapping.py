"""The mappings of tables: each file is sound, and does what its own example says."""

from base64 import b64encode
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from graph.check import full, structure
from graph.tabular.meds import event
from graph.tabular.meds_folder import Folder as Events
from graph.tabular.meds_make import SubjectMaker
from graph.tabular.omop_folder import Folder, RowReader
from graph.tabular.omop_make import TableMaker
from ontology.errors import InvalidInputError
from ontology.table_mapping import Made, TableMapping, columns, kinds, load, systems, tables, vocabularies


def words(row: dict[str, Any]) -> dict[str, str]:
    """A row of an example, as a CSV file says it."""
    return {name: str(value) for name, value in row.items()}


def around(mapping: TableMapping) -> Folder:
    """A folder with the concepts and joined rows of an example, and no files."""
    folder = Folder({})
    for table, rows in mapping.example.joined.items():
        key, reader = tables()[table].key, RowReader(tables()[table])
        folder.store.add(table, [(words(row)[key], reader.values(words(row))) for row in rows])
    folder.joined = folder.store.row  # type: ignore[method-assign]  # there is no file to load them from
    if concepts := mapping.example.concepts:
        names = ("vocabulary_id", "concept_code", "concept_name", "concept_class_id")
        folder.concepts = folder.store.add_concepts(
            (str(number), *(said.get(name) for name in names)) for number, said in concepts.items()
        )
    return folder


@pytest.mark.parametrize("table", tables())
def test_the_example_of_a_table_gives_its_resources(table: str) -> None:
    mapping = tables()[table]
    maker, reader = TableMaker(mapping, around(mapping), Counter()), RowReader(mapping)
    made = [r for row in mapping.example.rows for r in maker.resources(reader.values(words(row)))]
    said = orjson.loads(orjson.dumps(made))
    assert said == orjson.loads(orjson.dumps(mapping.example.gives))
    for resource in said:
        assert [f for f in structure.check(resource, "r4") if f.severity == "error"] == []
        assert [f for f in full.check(resource, "r4") if f.severity == "error"] == []


@pytest.mark.parametrize("table", tables())
def test_whatever_a_row_holds_is_somewhere_in_its_resources(table: str) -> None:
    """Every column filled with a value of its own: each is found again, though no template speaks of it."""
    mapping = tables()[table]
    folder = Folder({})
    folder.joined = folder.store.row  # type: ignore[method-assign]
    row: dict[str, str] = {}
    for number, (name, column) in enumerate(mapping.columns.items(), start=1):
        kinds = {"text": f"said{number}", "number": f"{number}.{number}", "concept": f"9000{number}"}
        row[name] = kinds.get(column.type, f"8000{number}")
        if column.type in {"date", "time"}:
            row[name] = "2020-01-02"
    row |= {name: value for name, value in PLAUSIBLE.items() if name in mapping.columns}
    made = TableMaker(mapping, folder, Counter()).resources(RowReader(mapping).values(row))
    text = orjson.dumps(made).decode()
    for name, value in row.items():
        assert value.lstrip("0") in text or b64encode(value.encode()).decode() in text, name


@pytest.mark.parametrize("kind", kinds())
def test_the_example_of_a_kind_gives_its_resources(kind: str, tmp_path: Path) -> None:
    mapping = kinds()[kind]
    maker, made = SubjectMaker(Events({}), "7", 1, Counter()), []
    for line, row in enumerate(mapping.example.rows, start=1):
        said = {name: value for name, value in words(row).items() if name != "time"}
        moment = datetime.fromisoformat(row["time"]) - datetime(1970, 1, 1) if "time" in row else None  # noqa: DTZ001
        time = {} if moment is None else {"time": moment // timedelta(microseconds=1)}
        made += [resource for _, resource in maker.take(event(line, said | time))]
    if mapping.gathers:
        made += [resource for _, resource in maker.end() if resource["resourceType"] == mapping.type]
    for number, resource in enumerate(made):
        if not mapping.gathers:  # the id of an event is a hash of what it says
            assert resource["id"].startswith("meds-")
            resource["id"] = f"meds-{number}"
    said_ = orjson.loads(orjson.dumps(made))
    assert said_ == orjson.loads(orjson.dumps(mapping.example.gives))
    for resource in said_:
        assert [f for f in structure.check(resource, "r4") if f.severity == "error"] == []
        assert [f for f in full.check(resource, "r4") if f.severity == "error"] == []


def test_one_kind_takes_what_no_other_takes() -> None:
    assert [kind.name for kind in kinds().values() if kind.default] == ["observation"]


PLAUSIBLE = {"year_of_birth": "1950", "month_of_birth": "07", "day_of_birth": "15"}


def test_a_join_names_columns_of_its_table() -> None:
    def joins(template: Any) -> list[dict[str, Any]]:
        if isinstance(template, list):
            return [found for part in template for found in joins(part)]
        if not isinstance(template, dict):
            return []
        own = [template["$joined"]] if "$joined" in template else []
        return own + [found for part in template.values() for found in joins(part)]

    found = [join for mapping in tables().values() for made in mapping.resources for join in joins(made.make)]
    assert {join["table"] for join in found} == {"DEATH", "LOCATION"}
    for join in found:
        assert columns(join["make"]) <= set(tables()[join["table"]].columns)


def test_a_mapping_that_names_what_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no such maker"):
        Made(type="Patient", make={"gender": {"$guess": "x"}})
    with pytest.raises(ValueError, match="no such column"):
        TableMapping.model_validate(
            load("omop", "LOCATION").model_dump(by_alias=True) | {"key": "nowhere_id"}, strict=False
        )
    with pytest.raises(InvalidInputError):
        load("omop", "NOTHING")


def test_the_names_that_an_export_gives_are_known_when_it_comes_back() -> None:
    from graph.export.meds_events import vocabularies as names

    assert {name.lower(): system for system, name in names().items()}.items() <= vocabularies().items()
    assert all(systems()[system][0] == name for system, name in names().items())
