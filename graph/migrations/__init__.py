"""Numbered changes of the schema: ``NNNN_name.cypher``, idempotent statements ended by ``;``. One that ran is never edited."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from neo4j import WRITE_ACCESS, ManagedTransaction
from neo4j.exceptions import ClientError

from ontology.errors import GraphUnavailableError

if TYPE_CHECKING:
    from graph.connection import Graph

HERE = Path(__file__).parent

MADE_AT_ONCE = {
    f"Neo.ClientError.Schema.{what}AlreadyExists"
    for what in ("EquivalentSchemaRule", "Constraint", "Index", "ConstraintWithName", "IndexWithName")
}


@dataclass(frozen=True)
class Migration:
    """One change.

    >>> migrations()[0].number, migrations()[0].name
    (1, 'keys')
    """

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of its text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def statements(self) -> list[str]:
        """Its statements in order, in the dialect Cypher 5."""
        code = re.sub(r"^//.*$", "", self.text, flags=re.MULTILINE)
        return [
            f"CYPHER 5\n{part.strip()}"
            for part in re.split(r";\s*$", code, flags=re.MULTILINE)
            if part.strip()
        ]


@cache
def migrations() -> tuple[Migration, ...]:
    """All migrations in order."""
    return load(HERE)


def load(folder: Path) -> tuple[Migration, ...]:
    """The migrations of a folder in order."""
    return tuple(
        Migration(int(path.stem[:4]), path.stem[5:], path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.cypher"))
    )


def migrate(graph: "Graph", wanted: tuple[Migration, ...] | None = None) -> list[int]:
    """Run what has not run yet; the numbers that ran.

    Several programs may do this at once: every statement is idempotent and the record is unique.

    Raises:
        GraphUnavailableError: a migration was edited after it ran here, or the graph is of a later version.
    """
    known = {m.number: m for m in wanted or migrations()}
    done = {row["number"]: row for row in graph.read("admin.migrations")}
    for number, row in done.items():
        _check(known.get(number), row["name"], row["checksum"])
    ran = [m for number, m in sorted(known.items()) if number not in done]
    for migration in ran:
        _run(graph, migration)
    if ran:
        graph.read("admin.await_indexes", seconds=300)
    return [m.number for m in ran]


def _run(graph: "Graph", migration: Migration) -> None:
    with graph.driver.session(database=graph.database, default_access_mode=WRITE_ACCESS) as session:
        for statement in migration.statements:
            with _made_at_once():
                session.execute_write(_one, statement)
    graph.write("admin.migrated", number=migration.number, name=migration.name, checksum=migration.checksum)


@contextmanager
def _made_at_once() -> Iterator[None]:
    """Another program made the same index or constraint in the same instant, which ``IF NOT EXISTS`` does not cover."""
    try:
        yield
    except ClientError as error:
        if error.code not in MADE_AT_ONCE:
            raise


def _one(tx: ManagedTransaction, statement: str) -> None:
    tx.run(statement).consume()


def _check(migration: Migration | None, name: str, checksum: str) -> None:
    if migration is None:
        raise GraphUnavailableError(
            "This graph was made by a later version of the platform.",
            got=f"migration {name}",
            do="Update the platform.",
        )
    if migration.checksum != checksum:
        raise GraphUnavailableError(
            "A migration was edited after it ran on this graph.",
            got=f"{migration.number:04}_{migration.name}",
            do="Put its text back as it was, and write the change as a new migration.",
        )
