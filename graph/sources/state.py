"""What is remembered: in a folder, how far its fetch has come; under ``CWM_HOME/sources``, what was fetched of a server when."""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from graph.instant import instant as typed
from ontology.errors import InvalidInputError

NAME: Final = ".fetch.json"
"""The state of a folder; readers of FHIR pass over names that begin with a dot."""


@dataclass
class Part:
    """One file of a fetch that grows page by page: what is sure to be in it, and where the next page is."""

    file: str
    size: int = 0
    lines: int = 0
    next: str | None = None
    done: bool = False


@dataclass
class Folder:
    """The folder of a fetch; written after each page, so that a fetch that was killed goes on from there."""

    path: Path
    asked: dict[str, Any]
    """What was asked of which server; another request does not go on in this folder."""
    began: str
    since: str | None = None
    parts: dict[str, Part] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    """What the kind of fetch needs besides."""
    complete: bool = False

    def part(self, name: str, file: str) -> Part:
        """The part of that name, cut back to what is sure to be in it."""
        part = self.parts.setdefault(name, Part(file))
        path = self.path / part.file
        if path.exists() and path.stat().st_size != part.size:
            os.truncate(path, min(part.size, path.stat().st_size))
        if (
            path.stat().st_size if path.exists() else 0
        ) < part.size:  # somebody took it away: from the beginning
            self.restart(part)
        return part

    def restart(self, part: Part) -> None:
        """Begin a part anew."""
        (self.path / part.file).unlink(missing_ok=True)
        part.size, part.lines, part.next, part.done = 0, 0, None, False
        self.save()

    def add(self, part: Part, lines: list[bytes], following: str | None) -> None:
        """A page: its lines, and the address of the page after it (None when it was the last)."""
        if lines:
            with _private(self.path / part.file).open("ab") as file:
                part.size += file.write(b"".join(line + b"\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())
        part.lines += len(lines)
        part.next, part.done = following, following is None
        self.save()

    def save(self) -> None:
        """Write the state, whole or not at all."""
        content = {name: value for name, value in vars(self).items() if name not in {"path", "parts"}}
        content["parts"] = {name: vars(part) for name, part in self.parts.items()}
        _write(self.path / NAME, content)


@contextmanager
def opened(path: Path, asked: dict[str, Any], since: str | None) -> Iterator[Folder]:
    """The folder, as it was left or new, held against a second fetch; ``since`` in any form of a FHIR date or instant.

    Raises:
        InvalidInputError: another fetch is running in it, or it holds something else.
    """
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (path / ".fetch.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InvalidInputError(
                "Another fetch is running in this folder.", got=path, do="Wait for it, or give another --out."
            ) from None
        begins = None if since is None else _instant(since)
        yield _left(path, asked, begins) or _new(path, asked, begins)


def _instant(text: str) -> str:
    """In UTC, as every server reads it: some compare texts.

    >>> _instant("2026-01-02T03:04:05.6+01:00")
    '2026-01-02T02:04:05.600Z'
    """
    return instant(typed(text, begins=True))


def instant(moment: datetime) -> str:
    """A FHIR instant in UTC.

    >>> instant(datetime(2026, 1, 2, 3, 4, 5, 600_000, tzinfo=UTC))
    '2026-01-02T03:04:05.600Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read(path: Path) -> Folder | None:
    """A folder as a fetch left it; None where there was none."""
    state = path / NAME
    if not state.is_file():
        return None
    content = orjson.loads(state.read_bytes())
    parts = {name: Part(**part) for name, part in content.pop("parts").items()}
    return Folder(path, parts=parts, **content)


def _left(path: Path, asked: dict[str, Any], since: str | None) -> Folder | None:
    folder = _read(path)
    if folder and (folder.asked != asked or folder.since != since or folder.complete):
        raise InvalidInputError(
            "This folder holds another fetch.", got=path, do="Give a new or empty folder as --out."
        )
    return folder


def _new(path: Path, asked: dict[str, Any], since: str | None) -> Folder:
    if any(not entry.name.startswith(".") for entry in path.iterdir()):
        raise InvalidInputError(
            "A fetch needs a folder of its own.", got=path, do="Give a new or empty folder as --out."
        )
    folder = Folder(path, asked, datetime.now(UTC).strftime("%Y%m%dT%H%M%S"), since)
    folder.save()
    return folder


class Memory:
    """What was fetched of a server before: for each request the instant up to which it is known, and an unfinished folder."""

    def __init__(self, home: Path, base: str) -> None:
        parts = urlsplit(base)
        name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{parts.netloc}{parts.path}").strip("-")
        self.slug = f"{name[:60]}-{hashlib.sha256(base.encode()).hexdigest()[:8]}"
        self._path = home / "sources" / f"{self.slug}.json"
        self._home = home
        self._base = base

    def _all(self) -> dict[str, dict[str, Any]]:
        held = orjson.loads(self._path.read_bytes()) if self._path.is_file() else {}
        requests: dict[str, dict[str, Any]] = held.get("requests", {})
        return requests

    def of(self, asked: dict[str, Any]) -> dict[str, Any]:
        """``since`` and ``folder`` of a request, as far as they are known."""
        return self._all().get(_key(asked), {})

    def remember(self, asked: dict[str, Any], **what: Any) -> None:
        """Note ``since`` or ``folder`` of a request."""
        requests = self._all()  # another request to the same server may have been remembered meanwhile
        requests.setdefault(_key(asked), {"asked": asked}).update(what)
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(self._path, {"server": self._base, "requests": requests})

    def folder(self, asked: dict[str, Any], since: str | None) -> Path:
        """The folder of a fetch since the same instant that was not finished, else a new one.

        What began since another instant does not hold what is asked for now.
        """
        left = self.of(asked).get("folder")
        held = _read(Path(left)) if left else None
        if held and held.since == (None if since is None else _instant(since)):
            return held.path
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        base = self._home / "fetched" / self.slug
        return next(p for n in range(1000) if not (p := base / (f"{stamp}-{n}" if n else stamp)).exists())


def _key(asked: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _private(path: Path) -> Path:
    """A file that only its owner may read, made when it is not there."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    return path


def _write(path: Path, content: dict[str, Any]) -> None:
    part = path.with_name(path.name + ".part")
    _private(part).write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    part.replace(path)
