"""Every query of the platform: one ``.cypher`` file each, found by its path (``area/name.cypher`` is ``area.name``).

A file starts with a YAML header in ``//`` comments, then the query. The prefix ``CYPHER 5`` is added here.

>>> catalogue()["admin.ping"].access
'read'
"""

import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ontology.errors import InvalidInputError, NotFoundError

HERE = Path(__file__).parent


class Param(BaseModel):
    """One parameter of a query."""

    model_config = ConfigDict(extra="forbid")
    type: str
    """Cypher's name of the type: STRING, INTEGER, FLOAT, BOOLEAN, ZONED DATETIME, LIST<...>, MAP."""
    doc: str
    """What it means, with its unit."""
    example: Any = None
    """A value that gives an answer on the demo graph."""
    optional: bool = False
    """True when null is a good value."""


class Query(BaseModel):
    """A named query."""

    model_config = ConfigDict(extra="forbid")
    name: str
    summary: str
    """One line: what it answers, or what it writes."""
    access: Literal["read", "write", "schema", "auto"]
    """How it runs: a managed read or write, a schema change, or auto-commit (``CALL ... IN TRANSACTIONS``)."""
    params: dict[str, Param] = {}
    returns: dict[str, str] = {}
    """Columns and what they hold."""
    audience: Literal["clinician", "researcher", "safety"] | None = None
    """Who asks it, for a competency question (area ``ask``)."""
    rate: bool = False
    """True when a row has ``events`` of ``n``: its rate and Wilson interval are then part of the answer."""
    cypher: str

    @property
    def text(self) -> str:
        """The query with its dialect."""
        return f"CYPHER 5\n{self.cypher}"


_HEADER = re.compile(r"\A((?://[^\n]*\n)+)", re.MULTILINE)


def _load(path: Path) -> Query:
    name = ".".join(path.relative_to(HERE).with_suffix("").parts)
    text = path.read_text(encoding="utf-8")
    header = _HEADER.match(text)
    if not header:
        raise InvalidInputError(f"The query {name} has no header.", allowed="a YAML header in // comments")
    try:
        meta = yaml.safe_load(re.sub(r"^// ?", "", header[1], flags=re.MULTILINE))
        return Query(name=name, cypher=text[header.end() :].strip(), **meta)
    except (yaml.YAMLError, ValidationError) as fault:
        raise InvalidInputError(f"The header of the query {name} cannot be read.", got=fault) from None


@cache
def catalogue() -> dict[str, Query]:
    """All named queries by name."""
    return {q.name: q for q in (_load(p) for p in sorted(HERE.rglob("*.cypher")))}


@cache
def named(name: str) -> Query:
    """The query of that name; only its own file is read, so a fault in another stops nobody.

    Raises:
        NotFoundError: no such query.
        InvalidInputError: its header cannot be read.
    """
    path = HERE.joinpath(*name.split(".")).with_suffix(".cypher")
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)+", name) or not path.is_file():
        raise NotFoundError("No such query.", got=name, do="See `cwm graph query --list`.")
    return _load(path)
