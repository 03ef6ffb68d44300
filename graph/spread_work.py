"""What a worker of Dask does for an ingest: texts in, rows out; it reads no file and knows no database.

Nothing that a record says may reach Dask's logs or its pages: what goes there and back shows no content, and a fault
never leaves as an exception, whose words Dask would write down.
"""

import hashlib
import pickle
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from graph.fhir.read_items import Found, Refused
from graph.ingest_rows import Row, row

Packed = tuple[Any, ...]
HERE = Path(__file__).parent
CODE = (HERE / "ingest_rows.py", HERE / "spread_work.py", HERE / "fhir", HERE.parent / "ontology")
"""The files and folders on which depends what becomes of a text."""


@dataclass(slots=True)
class Texts:
    """Resources as they were read, on their way to a worker."""

    data: bytes = field(repr=False)
    software: str = field(repr=False)


@dataclass(slots=True)
class Answer:
    """What became of them, one for each; or why nothing did."""

    data: bytes = field(default=b"", repr=False)
    other: str | None = field(default=None, repr=False)
    """The software of the worker, when it is another."""
    fault: str | None = field(default=None, repr=False)
    """The name of an error that nobody foresaw."""


@cache
def software() -> str:
    """Says which software this is: its version, and the beginning of a SHA-256 over all that decides how a text is read.

    >>> software() == software(), len(software().split()[-1])
    (True, 12)
    """
    sum_ = hashlib.sha256()
    for root in CODE:
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.suffix in {".py", ".yaml", ".tsv"}:
                sum_.update(path.relative_to(HERE.parent).as_posix().encode())
                sum_.update(path.read_bytes())
    for name in ("orjson", "msgspec"):
        sum_.update(f"{name} {version(name)}".encode())
    return f"{version('clinical-world-model')} {sum_.hexdigest()[:12]}"


def pack(found: list[Found], run: str, fhir: str | None) -> Texts:
    """What a worker needs of resources that were found."""
    texts = [(f.source, f.line, f.raw, f.entry, f.url, f.assigned, f.scope) for f in found]
    return Texts(pickle.dumps((texts, run, fhir), pickle.HIGHEST_PROTOCOL), software())


def work(texts: Texts) -> Answer:
    """Parse and project; this is what runs on a worker."""
    if texts.software != software():
        return Answer(other=software())
    try:
        given, run, fhir = pickle.loads(texts.data)  # noqa: S301  # of the ingest that asks, which may run anything here
        made = [row(Found(*text), run, fhir) for text in given]
        return Answer(pickle.dumps(list(map(_packed, made)), pickle.HIGHEST_PROTOCOL))
    except Exception as error:  # noqa: BLE001  # its words may quote a record; the ingest meets it again by itself
        return Answer(fault=type(error).__name__)


def _packed(made: Row | Refused) -> Packed:
    """All but the text, which the ingest still has."""
    if isinstance(made, Refused):
        return made.reason, made.message
    return made.key, made.rank, made.url, made.nodes, made.links, made.codes, made.concepts, made.generic


def unpack(answer: Answer, found: list[Found]) -> list[Row | Refused]:
    """The rows and refusals again, each with the text that it came from."""
    packed = pickle.loads(answer.data)  # noqa: S301  # of a worker that the user named, and that runs this software
    return [_unpacked(said, f) for said, f in zip(packed, found, strict=True)]


def _unpacked(said: Packed, found: Found) -> Row | Refused:
    if len(said) == 2:
        reason, message = said
        return Refused(found.source, found.line, reason, message, found.raw, found.entry, found.url)
    key, rank, url, *rest = said
    return Row(key, rank, url, found, *rest)
