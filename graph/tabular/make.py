"""Templates of ``ontology/tables`` compiled to closures: from a row to the elements of a resource.

Whatever finds nothing goes away, and so does an object or a list around it that has nothing but constants left.
"""

from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import orjson

from graph.tabular.row import Row
from ontology.table_mapping import MAKERS, vocabularies

OHDSI = "https://fhir-terminology.ohdsi.org"
"""The system of OMOP's concept ids, as HL7 Terminology lists it (OHDSI Standardized Vocabularies)."""
VOCABULARY = "urn:clinical-world-model:omop:vocabulary:"
"""Before the name of a vocabulary of OMOP that has no address in ``ontology/tables/vocabularies.yaml`` (ours)."""
UCUM = "http://unitsofmeasure.org"

Make = Callable[[Row], Any]
"""From a row to a value; None for nothing."""


def compile_(template: Any) -> Make:
    """The closure of a template."""
    made, dynamic = _compile(template)
    return made if dynamic else lambda row: template  # noqa: ARG005


def _compile(template: Any) -> tuple[Make, bool]:
    """The closure, and whether it takes anything of the row."""
    if isinstance(template, list):
        return _list(template)
    if not isinstance(template, dict):
        return (lambda row: template), False  # noqa: ARG005
    if (name := next(iter(template), "")) in MAKERS:
        return _MAKERS[name](template[name]), True
    return _object(template)


def _list(template: list[Any]) -> tuple[Make, bool]:
    parts = [_compile(part) for part in template]
    dynamic = any(d for _, d in parts)

    def make(row: Row) -> Any:
        found = [(value, d) for part, d in parts if (value := part(row)) is not None]
        if dynamic and not any(d for _, d in found):
            return None
        return [value for value, _ in found] or None

    return make, dynamic


def _object(template: dict[str, Any]) -> tuple[Make, bool]:
    gate = template.get("$if")
    choices = [
        [_compile(option)[0] for option in options] for options in template.get("$choice", {}).values()
    ]
    parts = [(n, *_compile(part)) for n, part in template.items() if n not in {"$if", "$choice"}]
    dynamic = bool(choices) or any(d for *_, d in parts)

    def make(row: Row) -> Any:
        if gate is not None and gate not in row.values:
            return None
        found: dict[str, Any] = {}
        said = not dynamic or (gate is not None and not any(d for *_, d in parts))
        for name, part, d in parts:
            value = part(row)
            if value is not None:
                found[name] = value
                said = said or d
        for options in choices:
            chosen = next((value for option in options if (value := option(row)) is not None), None)
            if chosen is not None:
                found.update(chosen)
                said = True
        return found if said else None

    return make, dynamic or gate is not None


def _text(column: str) -> Make:
    return lambda row: row.take(column)


def _base64(column: str) -> Make:
    def make(row: Row) -> Any:
        found = row.take(column)
        return None if found is None else b64encode(found.encode()).decode()

    return make


def _number(column: str) -> Make:
    def make(row: Row) -> Any:
        found = row.take(column)
        return None if found is None else orjson.Fragment(found)

    return make


def _time(columns: list[str]) -> Make:
    def make(row: Row) -> Any:
        found = [text for column in columns if (text := row.take(column)) is not None]
        return found[0] if found else None

    return make


def _date(columns: list[str]) -> Make:
    def make(row: Row) -> Any:
        parts: list[str] = []
        for column in columns:
            found = row.take(column)
            if found is None:
                break
            parts.append(found.zfill(2 if parts else 4))
        text = "-".join(parts)
        if not text:
            return None
        try:
            return row.date(text)
        except ValueError:
            raise ValueError(f"{', '.join(columns[: len(parts)])} are no date of the calendar") from None

    return make


def _day(column: str) -> Make:
    def make(row: Row) -> Any:
        found = row.take(column)
        return None if found is None else found[:10]

    return make


def coding(row: Row, number: str) -> dict[str, str]:
    """The Coding of a concept: by its vocabulary where CONCEPT knows it, else by its number."""
    found = row.around.concept(number)
    if found is None:
        return {"system": OHDSI, "code": number}
    vocabulary, code, name, _ = found
    system = vocabularies().get(vocabulary.lower()) or VOCABULARY + quote(vocabulary, safe="")
    return {"system": system, "code": code} | ({"display": name} if name else {})


def _coding(column: str) -> Make:
    def make(row: Row) -> Any:
        number = row.take(column)
        return None if number is None else coding(row, number)

    return make


def _concept(asked: dict[str, str]) -> Make:
    id_, source, source_id = asked["id"], asked.get("source"), asked.get("source_id")

    def make(row: Row) -> Any:
        number = row.take(id_)
        if number is None:
            row.missing(id_)
        numbers = [number, row.take(source_id) if source_id else None]
        codings: list[dict[str, str]] = []
        for found in numbers:
            if found is not None and (one := coding(row, found)) not in codings:
                codings.append(one)
                if row.around.concepts and one["system"] == OHDSI:
                    row.count(f"{row.table}.{id_ if found == number else source_id}: not in CONCEPT")
        said = row.take(source) if source else None
        if said is not None and not codings:
            system = f"{row.around.base}:source:{source}"
            codings.append({"system": system, "code": " ".join(said.split())})
            return {"coding": codings, "text": said}
        if not codings:
            return None
        if said is None or any(said in (c["code"], c.get("display")) for c in codings):
            return {"coding": codings}
        return {"coding": codings, "text": said}

    return make


def _quantity(asked: dict[str, Any]) -> Make:
    value, unit = asked["value"], asked["unit"]
    source, operator = asked.get("source"), asked.get("operator")
    comparators: dict[int, str] = asked.get("comparators", {})

    def make(row: Row) -> Any:
        number = row.take(value)
        if number is None:
            return None
        made: dict[str, Any] = {"value": orjson.Fragment(number)}
        if operator and (word := comparators.get(int(row.values.get(operator, 0)))):
            row.used.add(operator)
            made["comparator"] = word
        words = row.take(source) if source else None
        id_ = row.values.get(unit)
        if id_ is None:
            return made | ({"unit": words} if words else {})
        found = coding(row, id_)
        if found["system"] == UCUM or words is None:
            row.used.add(unit)
            name = words or (
                found["code"] if found["system"] == UCUM else found.get("display", found["code"])
            )
            return made | {"unit": name, "system": found["system"], "code": found["code"]}
        return made | {"unit": words}

    return make


def _reference(asked: dict[str, str]) -> Make:
    to, column = asked["to"], asked["column"]

    def make(row: Row) -> Any:
        key = row.take(column)
        return None if key is None else {"reference": row.around.reference(to, key)}

    return make


def _word(asked: dict[str, Any]) -> Make:
    column, values = asked["column"], {str(value): word for value, word in asked["values"].items()}
    otherwise = compile_(asked["otherwise"]) if "otherwise" in asked else None

    def make(row: Row) -> Any:
        found = values.get(row.values.get(column, ""))
        if found is None:
            return otherwise(row) if otherwise else None
        row.used.add(column)
        return found

    return make


def _class(asked: dict[str, Any]) -> Make:
    column, values = asked["column"], asked["values"]

    def make(row: Row) -> Any:
        number = row.values.get(column)
        found = row.around.concept(number) if number else None
        return values.get(found[3]) if found else None

    return make


def _joined(asked: dict[str, Any]) -> Make:
    table, column, inner = asked["table"], asked["key"], compile_(asked["make"])

    def make(row: Row) -> Any:
        key = row.values.get(column)
        values = row.around.joined(table, key) if key else None
        if values is None:
            return None
        row.used.add(column)
        return inner(Row(values, row.around, table))

    return make


def _first(options: list[Any]) -> Make:
    made = [compile_(option) for option in options]
    return lambda row: next((value for option in made if (value := option(row)) is not None), None)


def _identifier(column: str) -> Make:
    def make(row: Row) -> Any:
        found = row.take(column)
        return None if found is None else {"system": f"{row.around.base}:{column}", "value": found}

    return make


def _local(column: str) -> Make:
    def make(row: Row) -> Any:
        found = row.take(column)
        return None if found is None else {"system": row.around.base, "code": " ".join(found.split())}

    return make


def _code(_: Any) -> Make:
    return lambda row: row.code


_MAKERS: dict[str, Callable[[Any], Make]] = {
    "$text": _text,
    "$base64": _base64,
    "$number": _number,
    "$time": _time,
    "$date": _date,
    "$day": _day,
    "$concept": _concept,
    "$quantity": _quantity,
    "$coding": _coding,
    "$reference": _reference,
    "$word": _word,
    "$class": _class,
    "$code": _code,
    "$identifier": _identifier,
    "$local": _local,
    "$joined": _joined,
    "$first": _first,
}
