"""Every SPARQL query of the platform: one ``.rq`` file each, found by its path (``area/name.rq`` is ``area.name``).

A file starts with a YAML header in ``#`` comments, like those of ``graph/queries``, then the query. A parameter is a variable
of the query (``$patient``) that is replaced by its value. The prefixes of :data:`ontology.context.PREFIXES` need no declaration.

>>> catalogue()["record.counts"].params
{}
"""

import re
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from graph.queries import Param
from ontology.errors import InvalidInputError, NotFoundError

HERE = Path(__file__).parent
_HEADER = re.compile(r"\A((?:#[^\n]*\n)+)")


class Query(BaseModel):
    """A named query over the RDF of the graph."""

    model_config = ConfigDict(extra="forbid")
    name: str
    summary: str
    """One line: what it answers."""
    params: dict[str, Param] = {}
    """By name without the ``$``; types are STRING, INTEGER, FLOAT, BOOLEAN, ZONED DATETIME and IRI."""
    returns: dict[str, str] = {}
    """Columns and what they hold."""
    sparql: str


def _load(path: Path) -> Query:
    name = ".".join(path.relative_to(HERE).with_suffix("").parts)
    text = path.read_text(encoding="utf-8")
    header = _HEADER.match(text)
    if not header:
        raise InvalidInputError(f"The query {name} has no header.", allowed="a YAML header in # comments")
    try:
        meta = yaml.safe_load(re.sub(r"^# ?", "", header[1], flags=re.MULTILINE))
        return Query(name=name, sparql=text[header.end() :].strip(), **meta)
    except (yaml.YAMLError, ValidationError) as fault:
        raise InvalidInputError(f"The header of the query {name} cannot be read.", got=fault) from None


@cache
def catalogue() -> dict[str, Query]:
    """All named queries by name."""
    return {q.name: q for q in (_load(p) for p in sorted(HERE.rglob("*.rq")))}


def named(name: str) -> Query:
    """The query of that name.

    Raises:
        NotFoundError: no such query.
    """
    try:
        return catalogue()[name]
    except KeyError:
        raise NotFoundError("No such query.", got=name, do="See `cwm graph sparql --list`.") from None
