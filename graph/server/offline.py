"""Neo4j's own admin tool on the private Neo4j's files, while no server runs on them and none can be started."""

import fcntl
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graph.server import lease
from graph.server.config import Plan
from graph.settings import Settings
from ontology.errors import GraphUnavailableError, InvalidInputError

PATIENCE = 6 * 3600
"""Seconds after which the tool is given up."""


@dataclass(frozen=True)
class Offline:
    """The files of a graph that nobody else touches."""

    plan: Plan

    def admin(self, what: str, *arguments: str, heap: str | None = None, cwd: Path | None = None) -> None:
        """Run the admin tool, an import with a ``heap``, in the folder ``cwd``; ``what`` says for people what it is about.

        Raises:
            GraphUnavailableError: the tool failed; the message holds its last line.
        """
        self.plan.write(0)
        done = subprocess.run(  # noqa: S603
            self.plan.admin(*arguments, heap=heap),
            env=self.plan.environment if heap is None else self.plan.importing,
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        if done.returncode:
            said = (done.stdout + done.stderr).splitlines()
            lines = [
                line for line in said if line.strip(" -") and not line.startswith("Run with '--verbose'")
            ]
            space = any("No space left" in line for line in lines)
            raise GraphUnavailableError(
                f"{what} failed.",
                got=(lines or ["no word of the tool"])[-1][:200],
                do="Free some disk space, then try again." if space else "Run `cwm doctor`, then try again.",
            )


@contextmanager
def offline(
    settings: Settings, folder: Path, look: Callable[[lease.Lease], None] | None = None
) -> Iterator[Offline]:
    """Stop the server of a folder and keep it from starting; who wants the graph meanwhile waits.

    ``look`` is given the server before it is stopped, started if need be, when nobody else can come to it any more.

    Raises:
        InvalidInputError: a program uses the graph.
        GraphUnavailableError: the server does not stop, or there is no Java.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with lease.held(folder / "start.lock", fcntl.LOCK_EX):
        if lease.used(folder):
            raise InvalidInputError(
                "The graph is in use; it must rest for this.",
                got=str(folder),
                do="End the programs that use it (the dashboard, an ingest), then try again.",
            )
        if look is not None:
            with lease.held(folder / "users.lock", fcntl.LOCK_SH):
                look(lease.find_or_start(settings, folder))
        stays = (folder / "stay").exists()
        try:
            lease.stop(folder)
            with lease.held(folder / "keeper.lock", fcntl.LOCK_EX):
                yield Offline(lease.planned(settings, folder))
        finally:
            if stays:
                lease.stay(folder, on=True)


def exchange(here: Path, coming: Path, aside: Path) -> None:
    """Put the new home where the old one is; the accounts stay those of the folder, as its password does."""
    if here.exists():
        shutil.rmtree(aside, ignore_errors=True)
    elif aside.exists():  # of an exchange that was killed
        aside.replace(here)
    accounts = here / "data" / "dbms"
    if accounts.is_dir():
        shutil.copytree(accounts, coming / "data" / "dbms", dirs_exist_ok=True)
    for name in ("databases", "transactions"):
        if (here / "data" / name / "system").is_dir():
            shutil.rmtree(coming / "data" / name / "system", ignore_errors=True)
            shutil.copytree(here / "data" / name / "system", coming / "data" / name / "system")
    if here.exists():
        here.replace(aside)
    coming.replace(here)
    shutil.rmtree(aside, ignore_errors=True)


def size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
