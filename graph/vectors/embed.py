"""Make the vectors of a graph's names: what is new or changed is written, what is gone is taken away, the rest stays.

Codes and the names of people who care, places and things get vectors in nodes of their own. Names of patients get none: a vector
of a name is the name in another form. A run that was broken off goes on where it stopped.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any, Final

from graph.connection import Graph, Row
from graph.vectors import ENCODERS, Encoder, letters, meaning
from ontology.errors import NotFoundError

KINDS: Final = {"code": "vectors.codes", "name": "vectors.names"}
"""What gets vectors, and the query that lists it; each has a vector index an encoder: ``code_letters`` and so on."""
BATCH: Final = 256

Progress = Callable[[int, int, str], None]
"""Called with done, total and what is being worked on."""


@dataclass
class Embedded:
    """What was done, by encoder."""

    encoders: dict[str, Row] = field(default_factory=dict)
    """``model, names`` (that it was fitted on; 0 for one from elsewhere), ``written, kept`` (vectors)."""
    removed: int = 0
    """Vectors of what is no longer there."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Encoders that were not used, and why."""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        return asdict(self)


def embed(graph: Graph, *, again: bool = False, progress: Progress | None = None) -> Embedded:
    """Make what vectors are missing, by every encoder that is installed; ``again`` fits and makes all of them anew.

    Raises:
        InvalidInputError: there is no name in the graph, or a model is damaged.
    """
    began = time.monotonic()
    done = Embedded(removed=graph.write("vectors.gone")[0]["removed"])
    known = {row["encoder"]: row for row in models(graph)}
    for name in ENCODERS:
        if name == "meaning" and not meaning.available():
            done.left_out[name] = "its language model is not installed"
            continue
        listed = [(kind, row) for kind, query in KINDS.items() for row in graph.read(query, encoder=name)]
        encoder, row, fresh = _model(graph, name, known.get(name), listed, again)
        todo = [(k, r) for k, r in listed if fresh or r["of"] != _digest(r["name"])]
        for n in _write(graph, name, encoder, todo):
            if progress:
                progress(n, len(todo), name)
        done.encoders[name] = row | {"written": len(todo), "kept": len(listed) - len(todo)}
    done.seconds = round(time.monotonic() - began, 3)
    return done


def models(graph: Graph) -> list[Row]:
    """The models that made the vectors of this graph: ``encoder, model, names, software, made``."""
    return graph.read("vectors.encoders")


def _model(
    graph: Graph, name: str, known: Row | None, listed: list[tuple[str, Row]], again: bool
) -> tuple[Encoder, Row, bool]:
    """The model to use, what to report of it, and whether it is new: then the vectors of the one before are gone."""
    encoder, names = _kept(graph, name, known) if known and not again else (None, 0)
    fresh = encoder is None
    if encoder is None:
        graph.write("vectors.forget", encoder=name)
        graph.write("vectors.clear", encoder=name, batch=1000)
        if name == "letters":
            texts = [row["name"] for _, row in listed]
            encoder, names = letters.fit(texts), len(set(texts))
            encoder.save(graph.settings)
        else:
            encoder = meaning.load(graph.settings)
        graph.write(
            "vectors.made_by",
            encoder=name,
            model=encoder.digest,
            names=names,
            software=version("clinical-world-model"),
        )
    return encoder, {"model": encoder.digest, "names": names}, fresh


def _kept(graph: Graph, name: str, known: Row) -> tuple[Encoder | None, int]:
    """The model that made the vectors, where it is at hand and still in use; else nothing, and all are made anew."""
    if name == "meaning":
        same = known["model"] == meaning.SHA256[:16]
        return (meaning.load(graph.settings) if same else None), 0
    try:
        return letters.load(graph.settings, known["model"]), known["names"]
    except NotFoundError:
        return None, 0


def _write(graph: Graph, name: str, encoder: Encoder, todo: list[tuple[str, Row]]) -> Iterator[int]:
    for start in range(0, len(todo), BATCH):
        part = todo[start : start + BATCH]
        vectors = encoder.encode([row["name"] for _, row in part])
        rows: dict[str, list[Row]] = {}
        for (kind, row), vector in zip(part, vectors, strict=True):
            made = {"key": row["key"], "of": _digest(row["name"]), "vector": given(vector)}
            rows.setdefault(kind, []).append(made)
        for kind, some in rows.items():
            graph.write(f"vectors.write_{kind}", rows=some, encoder=name)
        yield start + len(part)


def given(vector: Any) -> list[float] | None:
    """A vector as the database takes it; none where it says nothing, since a direction is compared."""
    return vector.tolist() if vector.any() else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
