"""The process that answers SPARQL: it loads its data, gives up the right to open anything, and answers until told to end."""

import re
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from graph.export import rdf_terms  # loaded now: later nothing can be opened
from graph.sparql import results
from graph.sparql.words import keyword
from ontology.context import PREFIXES


@dataclass
class Reply:
    """An answer, or a fault; one row more than was asked for when there are more."""

    columns: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    fault: str | None = None
    body: bytes = b""
    """The whole answer in a format of the web, where that was asked for."""
    media: str | None = None
    """That format; None where none of the wanted ones is for this form of query."""
    more: bool = False
    """True when there were more rows than are allowed; there is no body then."""


@dataclass(frozen=True)
class Wanted:
    """How an answer is to be written, and which graphs are asked."""

    bindings: str | None
    """Format of SELECT; None when no acceptable one is for it."""
    boolean: str | None
    triples: str | None
    default: tuple[str, ...] = ()
    """Graphs that make the default graph; none of either kind: the union of all."""
    named: tuple[str, ...] = ()


def serve(pipe: Connection, data: str, memory: int) -> None:
    """Answer ``(query, parameters, rows)``, or ``(query, wanted, rows)``, from the pipe until it is closed.

    A query that takes more than ``memory`` bytes besides the data ends the process.
    """
    from pyoxigraph import RdfFormat, Store

    store = Store()
    format_ = RdfFormat.from_extension(Path(data).suffix.removeprefix("."))
    try:
        if format_ is None:
            raise ValueError("the ending of the file is not one of .nq, .nt, .ttl, .trig, .jsonld, .rdf")
        store.bulk_load(path=data, format=format_)
    except (SyntaxError, ValueError, OSError) as fault:
        pipe.send(Reply(fault=str(fault)))
        return
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (0, 0)
    )  # nothing new is opened from here on, no file and no socket
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    resource.setrlimit(resource.RLIMIT_DATA, (held + memory, resource.RLIM_INFINITY))
    pipe.send(Reply())
    while True:
        try:
            query, params, rows = pipe.recv()
        except EOFError:
            return
        answer = _written if isinstance(params, Wanted) else _answer
        try:
            pipe.send(answer(store, query, params, rows))
        except MemoryError:
            return


def _written(store: Any, query: str, wanted: Wanted, most: int) -> Reply:
    """The answer as bytes, whole or not at all."""
    from pyoxigraph import DefaultGraph, NamedNode, QueryBoolean, QueryTriples

    try:
        chosen = _asked(query)
        if wanted.default or wanted.named:  # what the request says counts before what the query says
            chosen = {
                "default_graph": [NamedNode(g) for g in wanted.default] or [DefaultGraph()],
                "named_graphs": [NamedNode(g) for g in wanted.named],
            }
        found = store.query(query, prefixes=PREFIXES, **chosen)
        if isinstance(found, QueryBoolean):
            write = results.BOOLEANS.get(wanted.boolean or "")
            return Reply(body=write(bool(found)) if write else b"", media=wanted.boolean)
        rows = list(islice(found, most + 1))
        if len(rows) > most:
            return Reply(media="", more=True)
        if isinstance(found, QueryTriples):
            made = results.triples(rows, wanted.triples) if wanted.triples else b""
            return Reply(body=made, media=wanted.triples)
        names = [v.value for v in found.variables]
        made = results.BINDINGS[wanted.bindings](names, rows) if wanted.bindings else b""
        return Reply(body=made, media=wanted.bindings)
    except (SyntaxError, ValueError, OSError, RuntimeError) as fault:
        return Reply(fault=str(fault))


def _asked(query: str) -> dict[str, Any]:
    """Which graphs are asked: those after FROM, else all as one. Asked for both, Oxigraph takes all."""
    return {"use_default_graph_as_union": keyword(query, ["FROM"]) is None}


def _answer(store: Any, query: str, params: dict[str, Any], most: int) -> Reply:
    from pyoxigraph import QueryBoolean, QueryTriples

    try:
        found = store.query(filled(query, params), prefixes=PREFIXES, **_asked(query))
        if isinstance(found, QueryBoolean):
            return Reply(["answer"], [{"answer": bool(found)}])
        if isinstance(found, QueryTriples):
            names = ["subject", "predicate", "object"]
            return Reply(
                names, [dict(zip(names, map(_plain, t), strict=True)) for t in islice(found, most + 1)]
            )
        names = [v.value for v in found.variables]
        return Reply(
            names, [dict(zip(names, map(_plain, row), strict=True)) for row in islice(found, most + 1)]
        )
    except (SyntaxError, ValueError, OSError, RuntimeError) as fault:
        return Reply(fault=str(fault))


_TOKENS = re.compile(
    r"\"\"\".*?\"\"\"|'''.*?'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|<[^<>\"{}|^`\\\s]*>|#[^\n]*|\$(?P<name>\w+)",
    re.DOTALL,
)


def filled(query: str, params: Mapping[str, Any]) -> str:
    """The query with each parameter ``$name`` as a term, outside of texts, IRIs and comments; one that is None stays a variable.

    Oxigraph's own substitutions ask that the variable is among the results, so aggregates could take no parameter.

    >>> filled("SELECT * { ?s cwm:key $who } # $who", {"who": 'A"B'})
    'SELECT * { ?s cwm:key "A\\\\"B" } # $who'
    """

    def term(match: re.Match[str]) -> str:
        value = params.get(match["name"] or "")
        return match[0] if value is None else str(_term(value))

    return _TOKENS.sub(term, query)


def _term(value: Any) -> Any:
    from pyoxigraph import Literal, NamedNode

    if isinstance(value, Iri):
        return NamedNode(value)
    if isinstance(value, datetime):
        return rdf_terms.of_value(value)
    return Literal(value)


class Iri(str):
    """A parameter that is an IRI and no text."""

    __slots__ = ()


_NUMBERS = {
    "integer": int,
    "int": int,
    "long": int,
    "nonNegativeInteger": int,
    "double": float,
    "float": float,
    "decimal": float,
}


def _plain(term: Any) -> Any:
    """A term as JSON can hold it: numbers and truth values as such, all else as its text, None where there is nothing."""
    if term is None:
        return None
    datatype = getattr(term, "datatype", None)
    if datatype is None:
        return str(term.value)
    kind = datatype.value.rpartition("#")[2]
    if kind in _NUMBERS:
        return _NUMBERS[kind](term.value)
    return term.value == "true" if kind == "boolean" else term.value
