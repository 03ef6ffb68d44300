"""Parameters of named SPARQL queries: what was given, checked against what the query says it takes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from graph.instant import BEGINS, instant
from graph.sparql import named
from graph.sparql.worker import Iri
from ontology.errors import InvalidInputError

_KINDS: dict[str, tuple[type, ...]] = {
    "STRING": (str,),
    "IRI": (str,),
    "INTEGER": (int,),
    "FLOAT": (float, int),
    "BOOLEAN": (bool,),
    "ZONED DATETIME": (str, datetime),
}


def typed(name: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The text of a named query and its parameters, each of the type it says.

    >>> text, params = typed("record.facts", {"patient": "Patient/1"})
    >>> params
    {'patient': 'Patient/1'}

    Raises:
        NotFoundError: no such query.
        InvalidInputError: a parameter is missing, unknown or of the wrong type.
    """
    query = named(name)
    wanted = {key for key, param in query.params.items() if not param.optional}
    if set(given) - set(query.params) or wanted - set(given):
        examples = " ".join(f"-p {key}={query.params[key].example}" for key in sorted(wanted - set(given)))
        raise InvalidInputError(
            "These are not the parameters of the query.",
            got=", ".join(sorted(given)) or "none",
            allowed=", ".join(query.params) or "none",
            do=f"Add {examples}" if examples else None,
        )
    return query.sparql, {key: _value(key, query.params[key].type, value) for key, value in given.items()}


def _value(key: str, kind: str, value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, _KINDS.get(kind, (object,))) or (isinstance(value, bool) and kind != "BOOLEAN"):
        raise InvalidInputError(f"The parameter {key} is of another type.", got=repr(value), allowed=kind)
    if kind == "IRI":
        return Iri(value)
    if kind == "FLOAT":
        return float(value) if isinstance(value, int | float) else value
    if kind == "ZONED DATETIME" and isinstance(value, str):
        value = instant(value, begins=key in BEGINS)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise InvalidInputError(
            "The instant has no time zone.", got=value, allowed="for instance 2020-01-01T00:00:00Z"
        )
    return value
