"""`cwm doctor`: is everything here that the platform needs?"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import typer

from cli import output
from ontology.errors import CwmError

if TYPE_CHECKING:
    from graph.settings import Settings

app = typer.Typer()
FLAT = True

Level = Literal["ok", "warn", "fail"]
COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    check: str
    level: Level
    found: str
    do: str | None = None


def _python(_: Settings) -> Finding:
    return Finding("Python", "ok", f"{platform.python_version()} ({sys.executable})")


def _packages(_: Settings) -> Finding:
    names = ("neo4j", "jgo", "polars", "scikit-learn", "dash")
    found = {name: _version(name) for name in names}
    if lacking := [name for name, version in found.items() if version is None]:
        return Finding(
            "Libraries",
            "fail",
            "not here: " + ", ".join(lacking),
            "make env in a checkout, else pip install --force-reinstall clinical-world-model",
        )
    return Finding("Libraries", "ok", ", ".join(f"{name} {version}" for name, version in found.items()))


def _home(settings: Settings) -> Finding:
    there = settings.home
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK):
        return Finding(
            "Home", "fail", f"{settings.home} cannot be written", "Set CWM_HOME to a folder of yours."
        )
    return Finding("Home", "ok", f"{settings.home}{'' if settings.home.exists() else ' (not made yet)'}")


def _disk(settings: Settings) -> Finding:
    from graph.server.space import free

    left = min(free(settings.home), free(settings.cache))
    text = f"{left / 2**30:.1f} GiB free"
    if left < settings.disk_free:
        return Finding(
            "Disk", "fail", text, "Free some space, or set CWM_HOME and CWM_CACHE to another disk."
        )
    return Finding("Disk", "warn" if left < 4 * settings.disk_free else "ok", text)


def _java(settings: Settings) -> Finding:
    from graph.server import java

    found = java.find(settings)
    text = f"{found.version} ({found.origin}, {found.path})"
    if settings.java_home and found.origin != "JAVA_HOME":
        return Finding(
            "Java",
            "warn",
            text,
            f"JAVA_HOME ({settings.java_home}) does not fit and is not used; nothing needs to be done.",
        )
    return Finding("Java", "ok", text)


def _jars(settings: Settings) -> Finding:
    from graph.server import classes, jars

    if settings.embedded is None:
        return Finding("Neo4j's jars", "ok", "not needed")
    if lacking := jars.missing(settings):
        size = sum(jar.size for jar in lacking) / 1e6
        return Finding(
            "Neo4j's jars",
            "warn",
            f"{len(lacking)} not here yet ({size:.0f} MB)",
            "`cwm graph start` fetches them.",
        )
    if wrong := jars.verify(settings):
        return Finding(
            "Neo4j's jars",
            "fail",
            "changed: " + ", ".join(wrong[:3]),
            f"Delete {jars.folder(settings)}; they are fetched again.",
        )
    if failed := classes.failed(settings):
        return Finding(
            "Neo4j's jars",
            "warn",
            "their classes could not be kept for faster starts: "
            + failed[-1].read_text("utf-8").strip()[:200],
            f"Nothing needs to be done; it is tried again after a day, or when you remove {failed[-1]}.",
        )
    return Finding(
        "Neo4j's jars",
        "ok",
        f"{settings.neo4j_version}, every checksum as in the lock, {jars.folder(settings)}",
    )


def _graph(settings: Settings) -> Finding:
    from graph import open_graph, server

    folder = settings.embedded
    if folder is not None and server.current(folder) is None:
        return Finding("Graph", "ok", f"stopped ({folder}); commands start it by themselves")
    with open_graph(settings) as graph:
        info = graph.driver.get_server_info()
        return Finding(
            "Graph",
            "ok",
            f"{info.agent} answers at {settings.graph_target}, {len(graph.read('admin.migrations'))} migrations",
        )


def _torch(_: Settings) -> Finding:
    if version := _version("torch"):
        return Finding("PyTorch", "ok", f"{version}, pykeen {_version('pykeen') or 'not here'}")
    return Finding(
        "PyTorch",
        "warn",
        "not here: the twin works without its embeddings",
        "make env in a checkout, else pip install 'clinical-world-model[embeddings]'",
    )


def _chromium(_: Settings) -> Finding:
    from cli.bootstrap import chromium

    if path := chromium.find():
        return Finding("Chromium", "ok", path)
    return Finding("Chromium", "warn", "not here; only the browser tests need it", chromium.ADVICE)


CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    _python,
    _packages,
    _home,
    _disk,
    _java,
    _jars,
    _graph,
    _torch,
    _chromium,
)


@app.command()
def doctor(as_json: output.Json = False) -> None:
    """Check Python, Java, disk, Neo4j, libraries and browser; exit status 1 when something must be mended.

    \b
    Example: cwm doctor
    """
    from graph.settings import Settings

    settings = Settings()
    found = [_checked(check, settings) for check in CHECKS]
    if as_json:
        output.json([asdict(finding) for finding in found])
    else:
        for finding in found:
            level = (f"{finding.level:4}", COLOURS[finding.level])
            output.out.print(output.styled(level, f"  {finding.check:13} {finding.found}"))
            if finding.do:
                output.out.print(output.styled(" " * 20, (finding.do, "dim")), soft_wrap=True)
    if any(finding.level == "fail" for finding in found):
        raise typer.Exit(1)


def _checked(check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    name = check.__name__.strip("_").capitalize()
    try:
        return check(settings)
    except CwmError as error:
        return Finding(name, "fail", f"{error.what} {error.got or ''}".strip(), error.do)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
