"""The whole private graph in one file, and back: Neo4j's own dump with a manifest that is checked before anything is touched."""

import hashlib
import io
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from graph import server
from graph.server.offline import Offline, exchange, size
from graph.server.space import need_space
from graph.settings import Settings
from ontology.errors import InvalidInputError, NotFoundError

COMING = "restoring-"
DATABASE, DUMP, MANIFEST = "neo4j", "neo4j.dump", "manifest.json"
CHUNK = 2**20

Say = Callable[[str], None]


def _quiet(_: str) -> None:
    """Nobody listens."""


class Manifest(BaseModel):
    """What a backup holds."""

    model_config = ConfigDict(extra="forbid")
    format: int = 1
    made: AwareDatetime
    neo4j: str
    """Version of the Neo4j that wrote it; the same or a newer one reads it."""
    software: str
    """Version of the platform that wrote it."""
    bytes: int
    sha256: str
    """Of Neo4j's dump inside."""


def backup(settings: Settings, target: Path, *, overwrite: bool = False, say: Say = _quiet) -> Manifest:
    """Write the private graph to ``target`` (a tar file, mode 0600): whole, or not at all.

    Models, users and set-aside input lie beside the graph under ``CWM_HOME`` and are not in it. The server is stopped meanwhile.

    Raises:
        InvalidInputError: the graph is elsewhere, empty or in use, or ``target`` is there already.
        GraphUnavailableError: no disk space, or Neo4j's tool failed.
    """
    folder = _ours(settings)
    if target.exists() and not overwrite:
        raise InvalidInputError(
            "The file is there already.", got=str(target), do="Give another name, or --overwrite."
        )
    with server.offline(settings, folder) as quiet:
        if not _stored(quiet).is_dir():
            raise InvalidInputError(
                "There is no graph to back up.", got=str(folder), do="Ingest something first."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        need_space(target.parent, settings.disk_free + 2 * size(_stored(quiet)))
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as scratch:
            say("dumping")
            quiet.admin("The dump", "database", "dump", DATABASE, f"--to-path={scratch}")
            dump, part = Path(scratch) / DUMP, Path(scratch) / "part"
            manifest = Manifest(
                made=datetime.now(UTC),
                neo4j=settings.neo4j_version,
                software=version("clinical-world-model"),
                bytes=dump.stat().st_size,
                sha256=_sum(dump),
            )
            say("writing")
            part.touch(0o600)
            with tarfile.open(part, "w") as tar:
                _put(tar, MANIFEST, manifest.model_dump_json(indent=2).encode())
                tar.add(dump, DUMP, filter=_plain)
            part.replace(target)
    return manifest


def look(source: Path) -> Manifest:
    """What a backup says of itself, after its dump was compared with its checksum.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: it is no backup, or it is not whole.
    """
    with _opened(source) as tar:
        return _checked(tar, source, None)


def restore(settings: Settings, source: Path, *, overwrite: bool = False, say: Say = _quiet) -> Manifest:
    """Put a backup in the place of the private graph; what was there stays until the new one is whole.

    Raises:
        NotFoundError: there is no file ``source``.
        InvalidInputError: it is no whole backup, is of a newer Neo4j or platform, or there is a graph already.
        GraphUnavailableError: no disk space, or Neo4j's tool failed.
    """
    folder = _ours(settings)
    say("checking")
    manifest = look(source)
    if _number(manifest.neo4j) > _number(settings.neo4j_version):
        raise InvalidInputError(
            "The backup was written by a newer Neo4j.",
            got=manifest.neo4j,
            allowed=f"up to {settings.neo4j_version}",
            do=f"Set CWM_NEO4J_VERSION={manifest.neo4j}.",
        )
    if _number(manifest.software) > _number(version("clinical-world-model")):
        raise InvalidInputError(
            "The backup was written by a later version of the platform.",
            got=manifest.software,
            allowed=f"up to {version('clinical-world-model')}",
            do="Upgrade the platform: this one would refuse the graph.",
        )
    with server.offline(settings, folder) as quiet:
        if _stored(quiet).is_dir() and not overwrite:
            raise InvalidInputError(
                "There is a graph already.",
                got=str(folder),
                do="Back it up, then give --overwrite; or set CWM_HOME to an empty folder.",
            )
        need_space(folder, settings.disk_free + 3 * manifest.bytes)
        for left in folder.glob(f"{COMING}*"):  # of restores that were killed
            shutil.rmtree(left, ignore_errors=True)
        # A new one each time: the tool of a restore that was killed may still write to its own.
        coming = Path(tempfile.mkdtemp(prefix=COMING, dir=folder))
        try:
            _load(quiet, source, coming, say)
            exchange(quiet.plan.home, coming / "neo4j", quiet.plan.aside)
        finally:
            shutil.rmtree(coming, ignore_errors=True)
    return manifest


def _load(quiet: Offline, source: Path, coming: Path, say: Say) -> None:
    beside = Offline(quiet.plan.model_copy(update={"folder": coming}))
    unpacked = coming / "dump"
    unpacked.mkdir(mode=0o700)
    with _opened(source) as tar, (unpacked / DUMP).open("wb") as out:
        _checked(tar, source, out)
    say("loading")
    beside.admin("The load", "database", "load", DATABASE, f"--from-path={unpacked}")


def _ours(settings: Settings) -> Path:
    what = "This graph is not ours to back up or restore."
    return settings.private(what, "Use `neo4j-admin database dump` or `load` on that server.")


def _stored(quiet: Offline) -> Path:
    return quiet.plan.home / "data" / "databases" / DATABASE


def _opened(source: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(source, "r:")
    except FileNotFoundError:
        raise NotFoundError(
            "There is no such file.", got=str(source), do="Give the path of a backup."
        ) from None
    except (tarfile.ReadError, OSError) as fault:
        raise _unfit(source, str(fault)) from None


def _checked(tar: tarfile.TarFile, source: Path, out: IO[bytes] | None) -> Manifest:
    """Read the manifest and the dump in one pass, the dump into ``out``."""
    try:
        manifest = Manifest.model_validate_json(_member(tar, MANIFEST).read())
        sha, dump = hashlib.sha256(), _member(tar, DUMP)
        while chunk := dump.read(CHUNK):
            sha.update(chunk)
            if out:
                out.write(chunk)
    except (KeyError, tarfile.TarError, EOFError) as fault:
        raise _unfit(source, f"{type(fault).__name__}") from None
    except ValidationError:
        raise _unfit(source, "a manifest that cannot be read") from None
    if manifest.format != 1 or sha.hexdigest() != manifest.sha256:
        raise _unfit(source, "its checksum is not that of its manifest")
    return manifest


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found


def _unfit(source: Path, why: str) -> InvalidInputError:
    return InvalidInputError(
        "This is no whole backup; nothing was changed.",
        got=f"{source}: {why}",
        allowed="a file that `cwm graph backup` wrote",
        do="Take another copy.",
    )


def _put(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    tar.addfile(info, io.BytesIO(content))


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Names no user of this machine."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _number(text: str) -> tuple[int, ...]:
    """A version as numbers.

    >>> _number("5.26.25") < _number("2026.08.1")
    True
    """
    numbers = []
    for part in text.split("."):
        with suppress(ValueError):
            numbers.append(int(part))
    return tuple(numbers)
