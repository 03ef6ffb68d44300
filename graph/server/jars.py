"""Neo4j's jars: fetched once into the user's cache, each checked against the committed lock."""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from graph.server import lock
from graph.server.lock import Jar
from graph.server.progress import Bar, bar
from graph.server.space import need_space
from graph.settings import Settings
from ontology.errors import GraphUnavailableError

WORKERS = 8
LAST = "jaxb-runtime"
"""Its manifest names jars that we name too: before them, Java would not find its archive of classes made for this path."""


def folder(settings: Settings) -> Path:
    """Where the jars of the chosen version lie."""
    return settings.cache / f"neo4j-{settings.neo4j_version}"


def missing(settings: Settings) -> list[Jar]:
    """The jars that are not in the cache yet, or not whole."""
    here = folder(settings)
    return [jar for jar in lock.jars(settings.neo4j_version) if not _whole(here / jar.filename, jar)]


def classpath(settings: Settings) -> str:
    """The class path, in the order of the lock but for one; what is missing is fetched first, with a progress bar.

    Raises:
        GraphUnavailableError: no network, no space, or a jar is not the one that the lock names.
    """
    if missing(settings):
        fetch(settings)
    here = folder(settings)
    paths = sorted(lock.jars(settings.neo4j_version), key=lambda jar: jar.artifact == LAST)
    return os.pathsep.join(str(here / jar.filename) for jar in paths)


def fetch(settings: Settings) -> int:
    """Fetch what is missing; several processes at once share the work of the first. Returns the number fetched."""
    here = folder(settings)
    with alone(settings):
        wanted = missing(settings)
        size = sum(jar.size for jar in wanted)
        if not wanted:
            return 0
        need_space(settings.cache, settings.disk_free + size)
        here.mkdir(parents=True, exist_ok=True)
        what = f"Fetching Neo4j {settings.neo4j_version} ({len(wanted)} files, {size / 1e6:.0f} MB, once)"
        scratch = here / "part"
        shutil.rmtree(scratch, ignore_errors=True)  # of a run that was killed
        try:
            with bar(what, size) as shown:
                _all(wanted, scratch, here, settings, shown)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return len(wanted)


def verify(settings: Settings) -> list[str]:
    """The names of jars in the cache whose content is not what the lock says (reads all of them)."""
    here = folder(settings)
    present = (jar for jar in lock.jars(settings.neo4j_version) if (here / jar.filename).is_file())
    return [jar.filename for jar in present if _sum(here / jar.filename) != jar.sha256]


def _all(wanted: list[Jar], scratch: Path, here: Path, settings: Settings, shown: Bar) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        jobs = {pool.submit(_one, jar, scratch, here, settings): jar for jar in wanted}
        try:
            for job in as_completed(jobs):
                job.result()
                shown(jobs[job].size)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _one(jar: Jar, scratch: Path, here: Path, settings: Settings) -> None:
    got = _download(jar, scratch, settings)
    if _sum(got) != jar.sha256:
        raise GraphUnavailableError(
            "A file of Neo4j is not the one that the committed lock names; it was not used.",
            got=f"{jar.filename}, {got.stat().st_size} bytes",
            allowed=f"SHA-256 {jar.sha256}",
            do="Something between here and the Maven repository changes files: check the proxy or CWM_MAVEN, then try again.",
        )
    got.replace(here / jar.filename)


def _download(jar: Jar, scratch: Path, settings: Settings) -> Path:
    import requests
    from jgo.maven import MavenContext

    remotes = {"maven": settings.maven.rstrip("/")} if settings.maven else None
    context = MavenContext(repo_cache=scratch, remote_repos=remotes, timeout=60)
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    try:
        return Path(component.artifact(jar.classifier or "", "jar").resolve())
    except requests.exceptions.SSLError as error:
        raise GraphUnavailableError(
            "Neo4j could not be fetched: the certificate of the Maven repository, or of a proxy before it, is not trusted.",
            got=f"{jar.filename}: {type(error).__name__}",
            do="If your organisation's proxy signs the traffic, set REQUESTS_CA_BUNDLE to the file of its certificates "
            "(on Debian often /etc/ssl/certs/ca-certificates.crt), then try again.",
        ) from error
    except (requests.RequestException, RuntimeError, OSError) as error:
        raise GraphUnavailableError(
            "Neo4j could not be fetched.",
            got=f"{jar.filename}: {type(error).__name__}",
            do=f"Check the network (or set HTTPS_PROXY, or CWM_MAVEN to a mirror), or copy the folder {folder(settings)} "
            "from a machine that has it; then try again.",
        ) from error


def _whole(path: Path, jar: Jar) -> bool:
    return path.is_file() and path.stat().st_size == jar.size


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Be the only program that changes the folder of the jars."""
    path = settings.cache / f"neo4j-{settings.neo4j_version}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
