"""HAPI FHIR JPA 8.4.0, the most used open FHIR server, on a database in memory.

Its 341 jars are 382 MB, too much to fetch in every run: tests use them when they lie in the cache, or fetch them with Maven
when CWM_TEST_HAPI=1. Compiling needs a JDK of 17 or newer.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from graph import Settings
from tests.servers.running import Running, answers

HERE = Path(__file__).parent
MAIN = HERE / "JpaServer.java"
MOST = ("-Xmx1g",)


def jars() -> Path:
    """The folder of the jars; the test is skipped where there are none."""
    folder = Settings().cache / "hapi-jpa-8.4.0"
    if not shutil.which("javac"):
        pytest.skip("HAPI FHIR needs a JDK (javac)")
    if not (folder / "whole").exists():
        if os.environ.get("CWM_TEST_HAPI") != "1" or not shutil.which("mvn"):
            pytest.skip(
                "HAPI FHIR's 382 MB of jars are not in the cache; CWM_TEST_HAPI=1 fetches them with Maven"
            )
        subprocess.run(
            ["mvn", "-q", "-B", "-f", HERE / "pom.xml", "dependency:copy-dependencies", "-DincludeScope=runtime",
             f"-DoutputDirectory={folder}"], check=True,
        )  # fmt: skip
        (folder / "whole").touch()
    return folder


@contextmanager
def hapi(folder: Path, main: Path = MAIN, options: Sequence[str] = MOST) -> Iterator[Running]:
    """The server, with its log in ``folder``; up in half a minute, 1.1 GB of memory; ``options`` are Java's."""
    lib = jars()
    shutil.copy(HERE / "logback-test.xml", folder)
    subprocess.run(["javac", "-proc:none", "-cp", f"{lib}/*", "-d", folder, main], check=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["java", *options, "-cp", f"{folder}:{lib}/*", main.stem], stdout=subprocess.PIPE, stderr=log
        )
    assert process.stdout
    base = process.stdout.readline().decode().strip()
    server = Running(base, process)
    try:
        assert base, (folder / "log").read_text()[-2000:]
        assert answers(base, process, 180)
        yield server
    finally:
        server.stop()
        process.stdout.close()
