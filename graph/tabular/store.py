"""What rows of one table need of others, on disk: memory stays flat however large CONCEPT or PERSON is.

The database has no name: SQLite makes it in a temporary file that nobody else can open and that is gone with this process.
"""

import sqlite3
import weakref
from collections.abc import Iterable
from functools import lru_cache

import orjson

Concept = tuple[str, str, str | None, str | None]
"""vocabulary, code, name, class."""

_TABLES = """
CREATE TABLE concept (id INTEGER PRIMARY KEY, vocabulary TEXT, code TEXT, name TEXT, class TEXT) STRICT;
CREATE TABLE kept (kind TEXT, key TEXT, row BLOB, PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;
"""


class Store:
    """Concepts by their number, and rows of other tables by their key."""

    def __init__(self) -> None:
        # One thread uses it at a time; the one that closes it may be another.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;")
        self._db.executescript(_TABLES)
        weakref.finalize(self, self._db.close)
        self.concept = lru_cache(1 << 14)(self._concept)
        self.has = lru_cache(1 << 10)(self._has)

    def add_concepts(self, rows: Iterable[tuple[str, str, str, str | None, str | None]]) -> int:
        """Keep concepts (id, vocabulary, code, name, class); how many there are. The first of two with one id stays."""
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR IGNORE INTO concept VALUES (?, ?, ?, ?, ?)", rows)
        self._db.execute("COMMIT")
        self.concept.cache_clear()
        (count,) = self._db.execute("SELECT count(*) FROM concept").fetchone()
        return int(count)

    def _concept(self, number: str) -> Concept | None:
        found = self._db.execute(
            "SELECT vocabulary, code, name, class FROM concept WHERE id = ?", (int(number),)
        ).fetchone()
        return None if found is None else tuple(found)

    def add(self, kind: str, rows: Iterable[tuple[str, dict[str, str] | None]]) -> None:
        """Keep rows of a kind by their key; the first of two with one key stays."""
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR IGNORE INTO kept VALUES (?, ?, ?)",
            ((kind, key, orjson.dumps(row) if row else b"") for key, row in rows),
        )
        self._db.execute("COMMIT")
        self.has.cache_clear()

    def first(self, kind: str, key: str) -> bool:
        """True when this key is new to the kind; it is then kept."""
        return self._db.execute("INSERT OR IGNORE INTO kept VALUES (?, ?, ?)", (kind, key, b"")).rowcount > 0

    def row(self, kind: str, key: str) -> dict[str, str] | None:
        """The row of that key."""
        found = self._db.execute("SELECT row FROM kept WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return orjson.loads(found[0]) if found and found[0] else None

    def _has(self, kind: str, key: str) -> bool:
        return (
            self._db.execute("SELECT 1 FROM kept WHERE kind = ? AND key = ?", (kind, key)).fetchone()
            is not None
        )

    def forget(self, kind: str) -> None:
        """Drop all rows of a kind."""
        self._db.execute("DELETE FROM kept WHERE kind = ?", (kind,))
        self.has.cache_clear()
