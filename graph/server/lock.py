"""Lock files: which jars make one version of Neo4j, each with its SHA-256. ``python -m graph.server.lock 5.26.25`` makes one.

A line is ``sha256 bytes group:artifact:version``. The jars themselves are fetched on the user's machine.
"""

import hashlib
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ontology.errors import GraphUnavailableError

if TYPE_CHECKING:
    from jgo.maven import Dependency

ROOTS = ("org.neo4j:neo4j", "org.neo4j.app:neo4j-server")
"""What is asked for; everything else follows from their descriptions."""

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Jar:
    """One file of Neo4j or of a library that it uses.

    >>> Jar.parse("ab12 10 org.neo4j:annotations:5.26.25").filename
    'annotations-5.26.25.jar'
    """

    sha256: str
    size: int
    group: str
    artifact: str
    version: str
    classifier: str = ""

    @classmethod
    def parse(cls, line: str) -> "Jar":
        """A line of a lock file."""
        sha256, size, name = line.split()
        return cls(sha256, int(size), *name.split(":"))

    def __str__(self) -> str:
        name = ":".join(filter(None, (self.group, self.artifact, self.version, self.classifier)))
        return f"{self.sha256} {self.size} {name}"

    @property
    def filename(self) -> str:
        """Its name in the folder of jars."""
        return f"{'-'.join(filter(None, (self.artifact, self.version, self.classifier)))}.jar"


def versions() -> list[str]:
    """The versions of Neo4j that have a lock file."""
    return sorted(path.stem.removeprefix("neo4j-") for path in HERE.glob("neo4j-*.lock"))


def jars(version: str) -> list[Jar]:
    """The jars of a version.

    Raises:
        GraphUnavailableError: no lock file for it.
    """
    path = HERE / f"neo4j-{version}.lock"
    if not path.is_file():
        raise GraphUnavailableError(
            "This version of the private Neo4j is not known here.",
            got=version,
            allowed=", ".join(versions()),
            do="Unset CWM_NEO4J_VERSION or choose one of these.",
        )
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Jar.parse(line) for line in lines if line and not line.startswith("#")]


def resolve(version: str) -> list[Jar]:
    """Ask the public Maven repository what a version of Neo4j is made of; every jar is fetched to be summed."""
    from jgo.maven import (
        Dependency,
        MavenContext,
    )  # here, since every start reads a lock and none resolves one

    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder), timeout=60)
        wanted = [
            Dependency(context.project(*root.split(":")).at_version(version).artifact()) for root in ROOTS
        ]
        roots, rest = context.resolver.resolve(wanted)
        found = {str(jar): jar for jar in map(_summed, [*roots, *(d for d in rest if _needed(d))])}
    return [found[line] for line in sorted(found, key=lambda line: line.split()[2])]


def _needed(dependency: "Dependency") -> bool:
    return (
        dependency.type == "jar"
        and not dependency.optional
        and dependency.scope in {None, "compile", "runtime"}
    )


def _summed(dependency: "Dependency") -> Jar:
    data = dependency.artifact.resolve().read_bytes()
    name = (dependency.groupId, dependency.artifactId, dependency.version, dependency.classifier or "")
    return Jar(hashlib.sha256(data).hexdigest(), len(data), *name)


def main(version: str) -> None:
    """Write the lock file of a version beside this module."""
    lines = [
        f"# The jars of Neo4j {version}: sha256, bytes, group:artifact:version",
        *map(str, resolve(version)),
    ]
    (HERE / f"neo4j-{version}.lock").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
