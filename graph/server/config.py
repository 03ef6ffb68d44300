"""How the private Neo4j is configured and started: its ``neo4j.conf``, its command line, its files.

One folder holds it all: ``password`` (mode 0600, it lives with the data), ``neo4j/`` (Neo4j's own home with
``conf``, ``data`` and ``logs``), and the files of :mod:`graph.server.lease`.
"""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

OPENS = [
    f"--add-opens=java.base/{p}=ALL-UNNAMED"
    for p in ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
]
COLLECTOR = "-XX:+UseParallelGC"
"""Java's collector that takes least of two processors and a small heap; the default, G1, made statements a third slower."""
YOUNG = 0.4
"""Of the heap for what is new, from the start on: with less, collecting took a sixth of the server's time in an ingest."""
IMPORTING = 0.5
"""The same for the importer."""
LARGE = ["-XX:+UseTransparentHugePages"] if sys.platform == "linux" else []
"""Large pages for the importer's heap; Java knows the option on Linux only."""
LARGE_BESIDE = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""The same for what it takes beside its heap; glibc before 2.35 and other libraries pay no heed to it."""
FLAGS = [
    "-XX:-OmitStackTraceInFastThrow",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "--enable-native-access=ALL-UNNAMED",
]
QUIET = "-Xlog:cds*=off"
"""Nothing of archives of classes that do not fit: Java goes on without them."""
PROCEDURES = (
    "db.index.fulltext.*,db.index.vector.*,db.labels,db.relationshipTypes,db.propertyKeys,"
    "db.schema.*,db.ping,dbms.components,db.awaitIndexes,db.awaitIndex"
)


def _memory(heap: str | None = None, young: float = YOUNG, *, whole: bool = False) -> list[str]:
    """Our collector, how it divides the ``heap``, and whether that is there ``whole`` from the start.

    Not what the environment has chosen: Java does not start with two collectors, or with more at first than at most.
    """
    said = " ".join(
        os.environ.get(name, "") for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
    )
    if re.search(r"-XX:\+Use\w+GC\b", said):
        return []
    if heap is None or re.search(r"-Xm[nsx]|NewSize|NewRatio|HeapSize|RAMPercentage", said):
        return [COLLECTOR]
    return [*([f"-Xms{heap}"] if whole else []), f"-Xmn{_part(heap, young)}", COLLECTOR]


def sharing(archives: Sequence[Path] = (), record: Path | None = None) -> list[str]:
    """What Java is told about the archives of classes that it may use, and about the one that it is to make."""
    said = [f"-XX:SharedArchiveFile={os.pathsep.join(map(str, archives))}"] if archives else []
    return [*said, *([f"-XX:ArchiveClassesAtExit={record}"] if record else []), QUIET]


class Plan(BaseModel):
    """Everything that the keeper needs to run one Neo4j."""

    folder: Path
    java: Path
    classpath: str
    version: str
    heap: str
    page_cache: str
    port: int
    grace: float
    timeout: float
    classes: tuple[Path, ...] = ()
    """Archives of classes (:mod:`graph.server.classes`)."""
    record: Path | None = None
    """Where the server is to make one when it ends."""

    @property
    def home(self) -> Path:
        """Neo4j's home."""
        return self.folder / "neo4j"

    @property
    def aside(self) -> Path:
        """Where a restore puts the home that it replaces, until the new one is in its place."""
        return self.folder / "replaced"

    @property
    def log(self) -> Path:
        """Neo4j's own log."""
        return self.home / "logs" / "neo4j.log"

    @property
    def main(self) -> str:
        """Neo4j's main class, which 2026 renamed."""
        return "org.neo4j.server." + (
            "CommunityEntryPoint" if self.version.startswith("5.") else "Neo4jCommunity"
        )

    @property
    def command(self) -> list[str]:
        """The command line of the server; the heap goes by ``-Xmx``, its setting is ignored without Neo4j's scripts."""
        conf = self.home / "conf"
        heap = f"-Xmx{self.heap}"
        return [
            str(self.java),
            heap,
            *_memory(self.heap),
            *sharing(self.classes, self.record),
            *FLAGS,
            *OPENS,
            "-cp",
            self.classpath,
            self.main,
            f"--home-dir={self.home}",
            f"--config-dir={conf}",
        ]

    def admin(self, *arguments: str, heap: str | None = None) -> list[str]:
        """The command line of Neo4j's admin tool; ``heap`` is what an import is given, at once and in large pages."""
        sizes = ["-Xmx256m"] if heap is None else [f"-Xmx{heap}", *LARGE]
        return [
            str(self.java),
            *sizes,
            *_memory(heap, IMPORTING, whole=True),
            *sharing(self.classes),
            *OPENS,
            "-cp",
            self.classpath,
            "org.neo4j.cli.AdminTool",
            *arguments,
        ]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of both."""
        return {**os.environ, "NEO4J_HOME": str(self.home), "NEO4J_CONF": str(self.home / "conf")}

    @property
    def importing(self) -> dict[str, str]:
        """The environment of an import."""
        return {**LARGE_BESIDE, **self.environment}

    def configuration(self, port: int) -> str:
        """The text of ``neo4j.conf``."""
        settings = {
            "server.default_listen_address": "127.0.0.1",
            "server.bolt.listen_address": f"127.0.0.1:{port}",
            "server.http.enabled": "false",
            "server.https.enabled": "false",
            "server.memory.pagecache.size": self.page_cache,
            "db.memory.transaction.max": _part(self.heap, 0.5),
            "db.tx_log.rotation.size": "32m",
            "db.tx_log.rotation.retention_policy": "64m size",
            "db.tx_log.preallocate": "true",  # a log cut short by a full disk could not be recovered from
            "db.logs.query.enabled": "OFF",
            "dbms.usage_report.enabled": "false",
            "dbms.security.auth_enabled": "true",
            "dbms.security.allow_csv_import_from_file_urls": "false",
            "dbms.security.procedures.allowlist": PROCEDURES,
            "dbms.security.procedures.unrestricted": "",
            "internal.dbms.cypher_ip_blocklist": "0.0.0.0/0,::/0",
            "internal.dbms.bolt.netty_server_shutdown_quiet_period": "0",
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def write(self, port: int) -> None:
        """Write ``neo4j.conf`` for a port."""
        private(self.home / "conf" / "neo4j.conf", self.configuration(port))


def private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; whole or not at all, also when the power is lost."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(0o600)
    with part.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)


def _part(size: str, part: float) -> str:
    """Some of a size of memory.

    >>> _part("1g", 0.5)
    '524288k'
    """
    units = {"k": 1, "m": 1024, "g": 1024**2}
    return f"{int(int(size[:-1]) * units[size[-1]] * part)}k"
