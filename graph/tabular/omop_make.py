"""From the values of a row of OMOP CDM to its resources."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import orjson

from graph.tabular.make import Make, coding, compile_
from graph.tabular.omop_folder import Folder
from graph.tabular.row import Row
from ontology.table_mapping import Made, TableMapping

_FORM = re.compile(r"_as_|_source_|_concept_id")
COLUMN: Final = "urn:clinical-world-model:omop:column:"
"""Before the name of a column, the address of the extension that carries it (ours)."""


class TableMaker:
    """Makes the resources of the rows of one table."""

    def __init__(self, mapping: TableMapping, around: Folder, counts: Counter[str]) -> None:
        self.mapping, self.around, self.counts = mapping, around, counts
        self._made = [(made, _asked(made), compile_(made.make)) for made in mapping.resources]
        self._required = frozenset(
            n for n, c in mapping.columns.items() if c.required and c.type == "concept"
        )
        self._own = frozenset({mapping.key, *([mapping.person] if mapping.person else [])})

    def resources(self, values: dict[str, str]) -> list[dict[str, Any]]:
        """What a row becomes; nothing, where no template is for it.

        Raises:
            ValueError: a template cannot be filled; the words hold no value.
        """
        row = Row(values, self.around, self.mapping.table, required=self._required, counts=self.counts)
        row.used |= self._own
        found: list[tuple[Made, dict[str, Any]]] = []
        for made, asked, make in self._made:
            if made.when == "otherwise" and found:
                continue
            if asked is None or asked(values):
                found.append((made, self._resource(made, make, row)))
        bearer = next((resource for made, resource in found if made.rest), None)
        if bearer is not None and (rest := self._rest(row)):
            bearer["extension"] = [*bearer.get("extension", []), *rest]
        return [resource for _, resource in found]

    def _resource(self, made: Made, make: Make, row: Row) -> dict[str, Any]:
        id_ = self.around.id(self.mapping.table, row.values[self.mapping.key])
        resource: dict[str, Any] = {"resourceType": made.type, "id": id_}
        if self.around.updated:
            resource["meta"] = {"lastUpdated": self.around.updated}
        return resource | (make(row) or {})

    def _rest(self, row: Row) -> list[dict[str, Any]]:
        """What no template used, each column as an extension; the words of a value that is used are left out."""
        said = {(_whose(name), row.values[name]) for name in row.used if name in row.values}
        rest: list[dict[str, Any]] = []
        for name, column in self.mapping.columns.items():
            value = row.values.get(name)
            if value is None or name in row.used or (column.type == "text" and (_whose(name), value) in said):
                continue
            rest.append({"url": COLUMN + name} | self._value(column.type, row, value))
        return rest

    def _value(self, type_: str, row: Row, value: str) -> dict[str, Any]:
        match type_:
            case "concept":
                return {"valueCoding": coding(row, value)}
            case "number" | "integer":
                return {"valueDecimal": orjson.Fragment(value)}
            case "date" | "time":
                return {"valueDateTime": value}
            case _:
                return {"valueString": value}


def _whose(column: str) -> str:
    """What a column speaks of: those that give one value in several forms begin alike.

    >>> _whose("value_as_number"), _whose("value_source_value"), _whose("lot_number")
    ('value', 'value', 'lot_number')
    """
    return _FORM.split(column)[0]


def _asked(made: Made) -> Callable[[dict[str, str]], bool] | None:
    if not isinstance(made.when, dict):
        return None
    wanted = {n: None if v == "given" else {str(number) for number in v} for n, v in made.when.items()}
    return lambda values: any(n in values and (w is None or values[n] in w) for n, w in wanted.items())
