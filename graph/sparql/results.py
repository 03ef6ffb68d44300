"""Answers in the formats of the web: SPARQL 1.1 results as JSON, XML, CSV and TSV, and triples as RDF."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import orjson

Rows = Iterable[Sequence[Any]]
JSON: Final = "application/sparql-results+json"
XML: Final = "application/sparql-results+xml"
_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"
_UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]").sub
_XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<sparql xmlns="http://www.w3.org/2005/sparql-results#">'

TRIPLES: Final = {
    "text/turtle": "ttl",
    "application/n-triples": "nt",
    "application/ld+json": "jsonld",
    "application/rdf+xml": "rdf",
}
"""Formats of CONSTRUCT and DESCRIBE, and the endings by which Oxigraph knows them; the first is for who asks for none."""


def term(value: Any) -> dict[str, Any]:
    """A term of RDF as the JSON of SPARQL results has it."""
    from pyoxigraph import BlankNode, Literal, NamedNode

    if isinstance(value, NamedNode):
        return {"type": "uri", "value": value.value}
    if isinstance(value, BlankNode):
        return {"type": "bnode", "value": value.value}
    if not isinstance(value, Literal):
        parts = {name: term(getattr(value, name)) for name in ("subject", "predicate", "object")}
        return {"type": "triple", "value": parts}
    said: dict[str, Any] = {"type": "literal", "value": value.value}
    if value.language:
        return said | {"xml:lang": value.language}
    return said if value.datatype.value == _XSD_STRING else said | {"datatype": value.datatype.value}


def as_json(names: list[str], rows: Rows) -> bytes:
    """SPARQL 1.1 Query Results JSON Format."""
    bindings = [{n: term(v) for n, v in zip(names, row, strict=True) if v is not None} for row in rows]
    return orjson.dumps({"head": {"vars": names}, "results": {"bindings": bindings}})


def as_xml(names: list[str], rows: Rows) -> bytes:
    """SPARQL Query Results XML Format; a character that XML cannot hold becomes the replacement character."""
    out = [_XML_HEAD, "<head>", *(f"<variable name={quoteattr(n)}/>" for n in names), "</head><results>"]
    for row in rows:
        cells = [
            f"<binding name={quoteattr(n)}>{_xml(term(v))}</binding>"
            for n, v in zip(names, row, strict=True)
            if v is not None
        ]
        out.append(f"<result>{''.join(cells)}</result>")
    return "".join([*out, "</results></sparql>"]).encode()


def _xml(said: dict[str, Any]) -> str:
    if said["type"] == "triple":
        inner = "".join(f"<{name}>{_xml(part)}</{name}>" for name, part in said["value"].items())
        return f"<triple>{inner}</triple>"
    more = "".join(f" {n}={quoteattr(said[n])}" for n in ("xml:lang", "datatype") if n in said)
    value = escape(_UNWRITABLE("\N{REPLACEMENT CHARACTER}", said["value"]), {"\r": "&#13;"})
    return f"<{said['type']}{more}>{value}</{said['type']}>"


def as_csv(names: list[str], rows: Rows) -> bytes:
    """SPARQL 1.1 Query Results CSV Format: the values without their types."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([_plain(v) for v in row] for row in rows)
    return out.getvalue().encode()


def _plain(value: Any) -> str:
    from pyoxigraph import Literal, NamedNode

    if value is None:
        return ""
    return str(value.value) if isinstance(value, NamedNode | Literal) else str(value)


def as_tsv(names: list[str], rows: Rows) -> bytes:
    """SPARQL 1.1 Query Results TSV Format: the terms as Turtle writes them."""
    lines = ["\t".join(f"?{n}" for n in names)]
    lines += ["\t".join("" if v is None else str(v).replace("\t", "\\t") for v in row) for row in rows]
    return "".join(f"{line}\n" for line in lines).encode()


BINDINGS: Final[dict[str, Callable[[list[str], Rows], bytes]]] = {
    JSON: as_json,
    XML: as_xml,
    "text/csv": as_csv,
    "text/tab-separated-values": as_tsv,
    "application/json": as_json,
    "application/xml": as_xml,
}
"""Formats of SELECT; the first is for who asks for none."""


def _true_json(said: bool) -> bytes:
    return orjson.dumps({"head": {}, "boolean": said})


def _true_xml(said: bool) -> bytes:
    return f"{_XML_HEAD}<head/><boolean>{str(said).lower()}</boolean></sparql>".encode()


BOOLEANS: Final[dict[str, Callable[[bool], bytes]]] = {
    JSON: _true_json,
    XML: _true_xml,
    "application/json": _true_json,
    "application/xml": _true_xml,
}
"""Formats of ASK."""


def triples(found: Iterable[Any], media: str) -> bytes:
    """Triples in one of :data:`TRIPLES`."""
    from pyoxigraph import RdfFormat, serialize

    from ontology.context import PREFIXES

    format_ = RdfFormat.from_extension(TRIPLES[media])
    assert format_ is not None  # noqa: S101  # the table says so
    return serialize(found, format=format_, prefixes=PREFIXES) or b""
