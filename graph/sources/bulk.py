"""Bulk Data: start an export, wait for it, fetch its many files; each step is remembered, so all of it may be broken off.

Source: https://hl7.org/fhir/uv/bulkdata/export.html
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx2
import msgspec
import orjson

from graph.fhir import deletes
from graph.sources.download import NDJSON, download
from graph.sources.http import DeniedError, GoneError, Server, SourceError, origin, retry_after
from graph.sources.rest import Fetched, offered
from graph.sources.state import Folder, instant

_KINDS: Final = ("output", "deleted", "error")
_RESTARTS: Final = 2

Progress = Callable[[int, int | None, str], None]


class _File(msgspec.Struct):
    url: str
    type: str = "Resource"
    count: int | None = None


class Manifest(msgspec.Struct):
    """What an export has made."""

    transactionTime: str = ""  # noqa: N815  # FHIR's name
    requiresAccessToken: bool = False  # noqa: N815  # FHIR's name
    output: list[_File] | None = None
    deleted: list[_File] | None = None
    error: list[_File] | None = None

    def files(self) -> Iterator[tuple[str, str, _File]]:
        """Each file with its kind and a name of its own."""
        for kind in _KINDS:
            for i, file in enumerate(getattr(self, kind) or ()):
                word = "".join(c for c in file.type if c.isalnum()) or "Resource"
                name = {"output": f"{word}.{i:04}.ndjson", "deleted": f"deleted.{i:04}.ndjson"}
                yield kind, name.get(kind, f"error.{i:04}.ndjson.error"), file


_manifest = msgspec.json.Decoder(Manifest)


def path(level: str, group: str | None = None) -> str:
    """The operation's path: level ``system``, ``patient`` or ``group``.

    >>> path("group", "7")
    'Group/7/$export'
    """
    return {"system": "$export", "patient": "Patient/$export", "group": f"Group/{group}/$export"}[level]


def fetch(
    server: Server,
    folder: Folder,
    *,
    level: str = "patient",
    group: str | None = None,
    types: Iterable[str] = (),
    files_from: Iterable[str] = (),
    longest: float = 6 * 3600,
    progress: Progress = lambda *_: None,
) -> Fetched:
    """Export into the folder: all patients (``patient``), a ``group`` of them, or everything (``system``).

    Files on another server are taken only from the origins ``files_from``. ``longest`` is how many seconds an export may
    take. With ``folder.since`` the server gives what changed since then, and what was deleted.

    Raises:
        SourceError: the server refuses, the export fails, or a file is never whole.
    """
    now = offered(server).now
    done = Fetched(str(folder.path), folder.since, "")
    for left in reversed(range(_RESTARTS + 1)):
        try:
            _once(server, folder, done, path(level, group), list(types), set(files_from), longest, progress)
            break
        except GoneError:
            if not left or "status" not in folder.more:
                raise
            # The export, or a file of it, is not there any more: another one is begun, and nothing of this one is kept.
            done.restarted.append(f"export {_RESTARTS - left + 1}")
            _forget(folder)
    done.until = folder.more["manifest"]["transactionTime"] or instant(now)
    server.delete(folder.more["status"])
    return done


def _once(
    server: Server, folder: Folder, done: Fetched, operation: str, types: list[str], files_from: set[str],
    longest: float, progress: Progress,
) -> None:  # fmt: skip
    if "status" not in folder.more:
        progress(0, None, "starting the export")
        folder.more["status"] = _start(server, operation, types, folder.since)
        folder.save()
    if "manifest" not in folder.more:
        folder.more["manifest"] = msgspec.to_builtins(_wait(server, folder.more["status"], longest, progress))
        folder.save()
    manifest = msgspec.convert(folder.more["manifest"], Manifest)
    files = list(manifest.files())
    done.files.clear()
    for i, (kind, name, _) in enumerate(files):
        progress(i, len(files), name)
        part = folder.part(name, name)
        if not part.done:
            try:
                part.lines = _file(server, folder, i, files_from)
            except (GoneError, DeniedError):
                # Signed addresses expire; as long as the export lives, its status gives new ones.
                _renew(server, folder, longest, progress)
                part.lines = _file(server, folder, i, files_from)
            if kind == "deleted":
                _stamp(folder.path / name, manifest.transactionTime)
            part.size, part.done = (folder.path / name).stat().st_size, True
            folder.save()
        done.files[name] = part.lines
    _count(folder, done, files)


def _start(server: Server, operation: str, types: list[str], since: str | None) -> str:
    url = server.url(operation, _outputFormat=NDJSON, _type=",".join(sorted(types)) or None, _since=since)
    answer = server.get(url, headers={"Prefer": "respond-async"})
    if answer.status_code != 202 or "Content-Location" not in answer.headers:
        raise SourceError(
            "The server did not start an export.", got=f"{answer.status_code} from {server.shown(url)}"
        )
    return server.own(answer.headers["Content-Location"])


def _wait(server: Server, status: str, longest: float, progress: Progress) -> Manifest:
    began, wait = time.monotonic(), server.patience.first
    while True:
        answer = server.get(status, accept="application/json")
        if answer.status_code != 202:
            return _read(answer, server.shown(status))
        if time.monotonic() - began > longest:
            raise SourceError(
                "The export takes too long.", got=f"more than {longest:.0f} s",
                do="Run the same command again: it goes on waiting for the same export.",
            )  # fmt: skip
        asked = retry_after(answer, server.patience)
        progress(0, None, f"waiting for the export ({answer.headers.get('X-Progress', 'in progress')[:60]})")
        time.sleep(min(wait if asked is None else asked, server.patience.most if asked is None else asked))
        wait *= 2


def _read(answer: httpx2.Response, where: str) -> Manifest:
    try:
        return _manifest.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # These words name the place in the list and the kinds of values, and no value.
        raise SourceError("The server's list of files cannot be read.", got=f"{where}: {error}") from None


def _file(server: Server, folder: Folder, index: int, files_from: set[str]) -> int:
    """Fetch one file; how many lines it has."""
    manifest = msgspec.convert(folder.more["manifest"], Manifest)
    _, name, file = list(manifest.files())[index]
    url = urljoin(server.base + "/", file.url)
    if not server.is_own(url) and origin(url) not in {origin(given) for given in files_from}:
        raise SourceError(
            "The export's files lie on another server.", got="{0.scheme}://{0.netloc}".format(urlsplit(url)),
            do="If you trust it, name it by --files-from.",
        )  # fmt: skip
    return download(server, url, folder.path / name, secret=manifest.requiresAccessToken, count=file.count)


def _renew(server: Server, folder: Folder, longest: float, progress: Progress) -> None:
    """Ask for the list of files again.

    Raises:
        GoneError: the export is gone, or its list is another one by now.
    """
    held = msgspec.convert(folder.more["manifest"], Manifest)
    new = _wait(server, folder.more["status"], longest, progress)
    if [(name, file.count) for _, name, file in new.files()] != [
        (name, file.count) for _, name, file in held.files()
    ]:
        raise GoneError(
            "The export has another list of files by now.", got=server.shown(folder.more["status"])
        )
    folder.more["manifest"] = msgspec.to_builtins(new)
    folder.save()


def _forget(folder: Folder) -> None:
    for part in folder.parts.values():
        (folder.path / part.file).unlink(missing_ok=True)
        (folder.path / f"{part.file}.part").unlink(missing_ok=True)
    folder.parts.clear()
    folder.more.clear()
    folder.save()


def _stamp(file: Path, moment: str) -> None:
    """Give each bundle of deletions the instant of the export, where it says none: what is read later must know when."""
    dated = file.with_name(file.name + ".part")
    dated.touch(mode=0o600)
    with file.open("rb") as lines, dated.open("wb") as out:
        out.writelines(_dated(line, moment) + b"\n" for line in lines if line.strip())
    dated.replace(file)


def _dated(line: bytes, moment: str) -> bytes:
    bundle = _json(line)
    if not isinstance(bundle, dict) or deletes.told(bundle.get("timestamp"), bundle.get("meta")):
        return line.rstrip()
    return orjson.dumps(bundle | {"timestamp": moment}) if moment else line.rstrip()


def _json(line: bytes) -> Any:
    """What a line says; None where it is not JSON, which is named when it is taken in."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _count(folder: Folder, done: Fetched, files: list[tuple[str, str, _File]]) -> None:
    done.resources = sum(folder.parts[name].lines for kind, name, _ in files if kind == "output")
    done.deletions = sum(folder.parts[name].lines for kind, name, _ in files if kind == "deleted")
    issues: Counter[str] = Counter()
    odd = 0
    for name in (name for kind, name, _ in files if kind == "error"):
        with (folder.path / name).open("rb") as lines:
            for said in (_json(line) for line in lines if line.strip()):
                found = said.get("issue") if isinstance(said, dict) else None
                odd += not isinstance(found, list)
                issues.update(
                    f"{i.get('severity')} {i.get('code')}" for i in found or () if isinstance(i, dict)
                )
    if issues:
        kinds = ", ".join(sorted(issues))
        done.notes.append(f"The server says of its export: {kinds} ({issues.total()} in the error files).")
    if odd:
        done.notes.append(f"{odd} lines of its error files are no OperationOutcome.")
