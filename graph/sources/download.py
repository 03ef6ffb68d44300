"""One big file from a server: resumed where it broke off, and checked to be whole before it counts."""

import os
import re
from pathlib import Path
from typing import Final

import httpx2
import msgspec

from graph.sources.http import Server, SourceError

NDJSON: Final = "application/fhir+ndjson"
_TORN_TRIES: Final = 3


class TornError(SourceError):
    """A file came to its end and is not whole."""

    code = "source-torn"


def download(server: Server, url: str, path: Path, *, secret: bool, count: int | None = None) -> int:
    """Fetch a file of NDJSON to ``path``; how many lines it has.

    A lost connection goes on from the byte where it was, when the server can do that, else from the beginning. A file
    that ends within a line, or has not the ``count`` of lines that the server said, is fetched again. ``secret``: send the login.

    Raises:
        TornError: it is never whole. GoneError, SourceError: as :meth:`Server.get`.
    """
    part = path.with_name(path.name + ".part")
    for left in reversed(range(_TORN_TRIES)):
        for attempt in server.tries(url, lambda: _size(part)):
            with attempt:
                _go_on(server, url, part, secret)
        lines, whole = _look(part)
        if whole and count in {None, lines}:
            part.replace(path)
            return lines
        part.unlink()
        server.say(f"{path.name} came in {'half' if not whole else 'part'}; once more")
        if not left:
            said = f"{lines} lines" + (f" of {count}" if count is not None else "")
            raise TornError(
                "A file of the server is cut off.", got=f"{path.name}: {said}{'' if whole else ', the last one torn'}",
                do="Run the same command again; if it stays so, the fault is the server's.",
            )  # fmt: skip
    raise AssertionError  # the loop returns or raises


def _go_on(server: Server, url: str, part: Path, secret: bool) -> None:
    have = _size(part)
    # As the bytes lie there: a compressed answer has other bytes, and could not be gone on with.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with server.stream(url, accept=NDJSON, headers=headers, secret=secret) as answer:
        packed = answer.headers.get("Content-Encoding", "identity") != "identity"
        follows = answer.status_code == 206 and _begin(answer) == have and not packed
        if answer.status_code == 206 and not follows:
            part.unlink(missing_ok=True)
            raise httpx2.ReadError("the server answered with another part than was asked for")
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if follows else os.O_TRUNC)
        with os.fdopen(os.open(part, flags, 0o600), "ab" if follows else "wb") as file:
            for piece in answer.iter_bytes():
                file.write(piece)
                file.flush()


def _begin(answer: httpx2.Response) -> int | None:
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _look(path: Path) -> tuple[int, bool]:
    """How many lines that are not blank a file has, and whether its last one is whole."""
    lines, last = 0, b""
    with path.open("rb") as file:
        for line in file:
            if line.strip():
                lines, last = lines + 1, line
    if not last or last.endswith(b"\n"):
        return lines, True
    try:
        msgspec.json.decode(last)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return lines, False
    return lines, True
