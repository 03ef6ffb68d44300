"""What the events of a MEDS data set share: by which name it goes, what its codes mean, and which subjects were read."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from graph.fhir import times
from graph.fhir.archive import DAMAGED
from graph.fhir.source import Source
from graph.tabular.meds_codes import Codes
from graph.tabular.store import Concept, Store

if TYPE_CHECKING:
    import pyarrow.parquet as pq

BASE: Final = "urn:clinical-world-model:meds"
"""The system of codes as they stand, where the data set has no name; else with that name (ours)."""
_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.")


class Folder:
    """A data set of MEDS; ``beside`` are the files of its folder `metadata` by their names."""

    def __init__(self, beside: Mapping[str, Source]) -> None:
        self.beside = beside
        self.store = Store()

    @cached_property
    def _about(self) -> dict[str, Any]:
        try:
            with closing(self.beside["dataset.json"].open()) as stream:
                said = orjson.loads(stream.read())
        except (KeyError, OSError, orjson.JSONDecodeError, *DAMAGED):
            return {}
        return said if isinstance(said, dict) else {}

    @cached_property
    def dataset(self) -> str | None:
        """The name of the data set, by `dataset.json`."""
        name = self._about.get("dataset_name")
        return name if isinstance(name, str) and name else None

    @cached_property
    def prefix(self) -> str:
        """Before every id."""
        return "meds" if self.dataset is None else f"meds-{sha256(self.dataset.encode()).hexdigest()[:8]}"

    @cached_property
    def base(self) -> str:
        """The system of codes as they stand, and the beginning of that of numbers."""
        return BASE if self.dataset is None else f"{BASE}:{quote(self.dataset, safe='')}"

    @cached_property
    def updated(self) -> str | None:
        """When this version of the data set was made: the instant for ``meta.lastUpdated``."""
        said = self._about.get("created_at")
        try:
            return times.first(said).isoformat().replace("+00:00", "Z") if isinstance(said, str) else None
        except (ValueError, OverflowError):
            return None

    @cached_property
    def codes(self) -> Codes:
        """The codes of the data set."""
        return Codes(self.base, self._description)

    @cached_property
    def _described(self) -> bool:
        """True when codes have descriptions; they are then kept."""
        import pyarrow as pa

        try:
            with parquet(self.beside["codes.parquet"]) as file:
                if not {"code", "description"} <= set(file.schema_arrow.names):
                    return False
                for batch in file.iter_batches(columns=["code", "description"], use_threads=False):
                    self.store.add(
                        "code",
                        [(c, {"is": d}) for c, d in zip(*batch.to_pydict().values(), strict=True) if c and d],
                    )
        except (KeyError, OSError, pa.ArrowException):
            return False
        return True

    def _description(self, code: str) -> str | None:
        found = self.store.row("code", code) if self._described else None
        return found["is"] if found else None


@contextmanager
def parquet(source: Source) -> "Iterator[pq.ParquetFile]":
    """A table, also one in an archive; that is read in its order, since to go back in it is to begin anew.

    Raises:
        OSError, pyarrow.ArrowException: it cannot be read, or is no Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with source.at_any_place() as at, pq.ParquetFile(at, pre_buffer=False) as file:
            yield file
    except UnicodeDecodeError:
        # Words or names of columns, which pyarrow looks at only when they are asked for.
        raise pa.ArrowInvalid("text that is not UTF-8") from None


class Subject:
    """A subject while its events are read; what surrounds each of them."""

    concepts = 0

    def __init__(self, folder: Folder, number: str) -> None:
        self.folder, self.number, self.base = folder, number, folder.base

    def concept(self, number: str) -> Concept | None:  # noqa: ARG002
        """There are no numbers of concepts in MEDS."""
        return None

    def joined(self, table: str, key: str) -> dict[str, str] | None:  # noqa: ARG002
        """There are no other tables in MEDS."""
        return None

    def reference(self, to: str, key: str) -> str:
        """``Type/id`` of the person or of an encounter of this subject."""
        return f"Patient/{self.person}" if to == "person" else f"Encounter/{self.encounter(key)}"

    @property
    def person(self) -> str:
        """The id of the Patient."""
        return f"{self.folder.prefix}-{self.number}"

    def encounter(self, key: str) -> str:
        """The id of an Encounter: its number where it can stand in an id, else a hash of it.

        >>> Subject(Folder({}), "7").encounter("11")
        'meds-7-11'
        """
        plain = len(key) <= 20 and set(key) <= _PLAIN
        return f"{self.person}-{key if plain else sha256(key.encode()).hexdigest()[:20]}"
