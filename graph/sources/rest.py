"""A FHIR server's REST interface into a folder: searches with their pages, what changed since, what was deleted.

Each page is written with its text as it came, and the address of the next is remembered; a fetch that is broken off goes
on from there. Nothing is asked of the order of pages: a resource that comes twice is taken in once.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

from graph.sources.http import GoneError, Server, SourceError
from graph.sources.state import Folder, Part, instant

OVERLAP: Final = timedelta(minutes=1)
"""An increment begins this long before the last fetch did: clocks of servers differ (ours)."""
_BREAKS: Final = bytes.maketrans(b"\r\n", b"  ")


class _Link(msgspec.Struct):
    relation: str | None = None
    url: str | None = None


class _Mode(msgspec.Struct):
    mode: str | None = None


class _Method(msgspec.Struct):
    method: str | None = None


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw()
    search: _Mode | None = None
    request: _Method | None = None


class _Page(msgspec.Struct):
    resourceType: str | None = None  # noqa: N815  # FHIR's name
    link: list[_Link] = []
    entry: list[msgspec.Raw] = []


_page, _entry = msgspec.json.Decoder(_Page), msgspec.json.Decoder(_Entry)


@dataclass
class Offered:
    """What a server's CapabilityStatement says that it can do, and its clock."""

    software: str
    searches: list[str]
    histories: set[str]
    everything: bool
    now: datetime


@dataclass
class Fetched:
    """What a fetch brought."""

    folder: str
    since: str | None
    """What was changed since then was asked for; None for everything."""
    until: str
    """The next increment begins here."""
    resources: int = 0
    deletions: int = 0
    files: dict[str, int] = field(default_factory=dict)
    """Lines of each file."""
    restarted: list[str] = field(default_factory=list)
    """Parts that were begun anew, since their pages had expired."""
    notes: list[str] = field(default_factory=list)


def offered(server: Server) -> Offered:
    """Ask a server what it can do.

    Raises:
        SourceError: it cannot be reached, or is no FHIR server.
    """
    answer = server.get(server.url("metadata"))
    try:
        said = msgspec.json.decode(answer.content)
        rest = next(r for r in said["rest"] if r.get("mode", "server") == "server")
    except (msgspec.DecodeError, KeyError, TypeError, StopIteration):
        raise SourceError("This is no FHIR server: it has no CapabilityStatement.", got=server.base) from None
    now = datetime.now(UTC)
    with contextlib.suppress(KeyError, ValueError):
        now = parsedate_to_datetime(answer.headers["Date"])
    try:
        return _offered(said, rest, now)
    except (KeyError, TypeError, AttributeError):
        raise SourceError("The server's CapabilityStatement cannot be read.", got=server.base) from None


def _offered(said: Any, rest: Any, now: datetime) -> Offered:
    types = {r["type"]: {i.get("code") for i in r.get("interaction", [])} for r in rest.get("resource", [])}
    operations = [
        o for r in rest.get("resource", []) if r["type"] == "Patient" for o in r.get("operation", [])
    ]
    names = {o.get("name", "").lstrip("$") for o in (*operations, *rest.get("operation", []))}
    software = said.get("software", {})
    return Offered(
        " ".join(str(software[k]) for k in ("name", "version") if k in software),
        sorted(t for t, can in types.items() if "search-type" in can),
        {t for t, can in types.items() if "history-type" in can},
        "everything" in names or "patient-everything" in names,
        now,
    )


Progress = Callable[[int, int | None, str], None]


def fetch(
    server: Server,
    folder: Folder,
    *,
    types: Iterable[str] = (),
    patients: Iterable[str] = (),
    count: int = 500,
    progress: Progress = lambda *_: None,
) -> Fetched:
    """Fetch all types that the server can search (or ``types``), or all about some ``patients`` (ids), into the folder.

    With ``folder.since`` only what changed since then, and what was deleted where the server keeps histories. ``count`` is
    the wish for the size of a page.

    Raises:
        SourceError: the server cannot be reached, refuses, or cannot do what was asked.
    """
    can = offered(server)
    until = folder.more.setdefault("until", instant(can.now - OVERLAP))
    folder.save()
    done = Fetched(str(folder.path), folder.since, until)
    jobs = _everything(server, can, patients, folder.since, count) if patients else _searches(
        server, can, types, folder.since, count, done)  # fmt: skip
    for i, (name, file, url) in enumerate(jobs):
        part = folder.part(name, file)
        deletes = file.endswith(".deleted.ndjson")
        for lines in _pages(server, folder, part, url, done, deletes):
            progress(i, len(jobs), f"{name}: {lines:,}")
        if part.lines:
            done.files[file] = part.lines
        done.resources += 0 if deletes else part.lines
        done.deletions += part.lines if deletes else 0
    return done


Job = tuple[str, str, str]


def _searches(
    server: Server, can: Offered, types: Iterable[str], since: str | None, count: int, done: Fetched
) -> list[Job]:
    wanted = sorted(set(types)) or can.searches
    if unknown := [t for t in wanted if t not in can.searches]:
        raise SourceError(
            "The server cannot search these types.", got=", ".join(unknown), allowed=", ".join(can.searches)
        )
    changed = f"ge{since}" if since else None
    jobs = [(t, f"{t}.ndjson", server.url(t, _count=count, _lastUpdated=changed)) for t in wanted]
    if since:
        jobs += [(f"{t} (deleted)", f"{t}.deleted.ndjson", server.url(f"{t}/_history", _count=count, _since=since))
                 for t in wanted if t in can.histories]  # fmt: skip
        if lacking := [t for t in wanted if t not in can.histories]:
            done.notes.append(
                f"The server keeps no history of {len(lacking)} types: what was deleted of them is not seen."
            )
    return jobs


def _everything(
    server: Server, can: Offered, patients: Iterable[str], since: str | None, count: int
) -> list[Job]:
    if not can.everything:
        raise SourceError("The server does not offer Patient/$everything.", got=can.software or server.base)
    ids = [p.removeprefix("Patient/") for p in patients]
    return [(f"patient {i}", f"everything.{i}.ndjson", server.url(f"Patient/{id_}/$everything", _count=count, _since=since))
            for i, id_ in enumerate(dict.fromkeys(ids), 1)]  # fmt: skip


def _pages(
    server: Server, folder: Folder, part: Part, first: str, done: Fetched, deletes: bool
) -> Iterator[int]:
    """Write page after page; gives how many lines there are by then."""
    restarts = 0
    while not part.done:
        url = part.next or first
        try:
            page = _read(server, url)
        except GoneError:
            # The pages of a search live for a while; after that it has to be asked again.
            if part.next is None or restarts == 3:
                raise
            restarts += 1
            done.restarted.append(part.file)
            folder.restart(part)
            continue
        following = next((link.url for link in page.link if link.relation == "next"), None)
        following = server.own(following) if following else None
        if following == url:
            raise SourceError("A page of the server leads to itself.", got=server.shown(url))
        folder.add(part, [line for raw in page.entry if (line := _line(raw, deletes))], following)
        yield part.lines


def _read(server: Server, url: str) -> _Page:
    content = server.get(url).content
    try:
        page = _page.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        page = _Page()
    if page.resourceType != "Bundle":
        raise SourceError("The server answered no Bundle to a search.", got=server.shown(url))
    return page


def _line(raw: msgspec.Raw, deletes: bool) -> bytes | None:
    """One line of NDJSON: the resource with its text as it came, or a deletion as a bundle of one entry."""
    try:
        entry = _entry.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None if deletes else bytes(raw).translate(_BREAKS)  # it is named when it is taken in
    if deletes:
        gone = entry.request is not None and entry.request.method == "DELETE"
        text = b'{"resourceType":"Bundle","type":"history","entry":[' + bytes(raw) + b"]}"
        return text.translate(_BREAKS) if gone else None
    resource = bytes(entry.resource)
    if not resource or (entry.search and entry.search.mode == "outcome"):
        return None
    return resource.translate(_BREAKS)
