"""What could not go in: written with its place and reason to a file that can be mended and ingested again.

A line of ``CWM_HOME/set-aside/<run>.ndjson`` is a JSON object that begins with the key ``set_aside``: the reason.
Whoever mends it changes ``text`` (or writes ``text`` in place of ``base64``) and gives the file, or a copy of it, to
``cwm ingest``: the reader takes ``text`` as the resource and keeps the place from where it first came.
"""

import base64
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import msgspec
import orjson

from graph.fhir.read_bundle import UNREADABLE
from graph.fhir.read_items import KEPT, ROWS, Found, Item, Refused
from graph.lines import Lines


class Record(msgspec.Struct, omit_defaults=True):
    """One line of the file."""

    set_aside: str
    """The reason, one of :data:`graph.fhir.read_items.REASONS`."""
    message: str
    file: str
    line: int = 0
    entry: int | None = None
    url: str | None = None
    text: str | None = None
    base64: str | None = None
    """The bytes, where they are not UTF-8."""
    size: int | None = None
    """The full length in bytes, where ``text`` holds only the beginning: mend the file itself then."""


_decoder = msgspec.json.Decoder(Record)


class SetAside:
    """The file of one run; it is made with the first thing that is set aside, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reasons: Counter[str] = Counter()
        self.sample: list[Refused] = []
        self._lines = Lines(path)

    @property
    def count(self) -> int:
        """How many were set aside."""
        return self.reasons.total()

    def add(self, refused: Refused) -> None:
        """Write one record.

        Raises:
            FileError: it cannot be written; the file holds what was written before.
        """
        self._lines.add(orjson.dumps(_record(refused), option=orjson.OPT_APPEND_NEWLINE))
        self.reasons[refused.reason] += 1
        if len(self.sample) < 20:
            kept = Refused(refused.source, refused.line, refused.reason, refused.message, entry=refused.entry)
            self.sample.append(kept)

    def close(self) -> None:
        """Finish the file."""
        self._lines.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _record(refused: Refused) -> dict[str, Any]:
    record: dict[str, Any] = {"set_aside": refused.reason, "message": refused.message, "file": refused.source}
    record |= {"line": refused.line, "entry": refused.entry, "url": refused.url}
    raw = refused.raw if refused.size is None else refused.raw[:KEPT]
    if raw:
        try:
            record["text"] = raw.decode()
        except UnicodeDecodeError:
            record["base64"] = base64.b64encode(raw).decode()
    record["size"] = refused.size
    return {name: value for name, value in record.items() if value is not None}


def reread(name: str, line: int, raw: bytes) -> Iterator[Item]:
    """What a line of a set-aside file gives: its resource, or the refusal again when nothing was mended."""
    try:
        record = _decoder.decode(raw)
    except UNREADABLE:
        yield Found(name, line, raw)  # not such a record after all: it is refused as a resource
        return
    text = _text(record)
    if text is None:
        yield Found(name, line, raw)  # mended by a hand that slipped: likewise
        return
    if not text or record.size is not None or record.set_aside in ROWS:
        yield Refused(
            record.file,
            record.line,
            record.set_aside,
            record.message,
            text,
            record.entry,
            record.url,
            record.size,
        )
        return
    yield Found(record.file, record.line, text.strip(), record.entry, record.url)


def _text(record: Record) -> bytes | None:
    if record.text is not None:
        return record.text.encode()
    try:
        return base64.b64decode(record.base64 or "", validate=True)
    except ValueError:
        return None
