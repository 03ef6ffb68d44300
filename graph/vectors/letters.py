"""The encoder ``letters``: names that are written alike, by the runs of 3 to 5 letters in their words.

TF-IDF of character n-grams within words, and a truncated SVD of it, fitted on the names of the graph itself (scikit-learn).
It finds misspellings, other word order, endings, word parts, and words that stand together in names; it knows no synonyms.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from graph.settings import Settings
from graph.vectors import ENCODERS, Vectors, unit
from ontology.errors import InvalidInputError, NotFoundError

DIMENSIONS: Final = ENCODERS["letters"]
MOST: Final = 50_000
"""The most frequent runs of letters that are kept: bounds the model's file at about 50 MB."""
SEED: Final = 0
FORMAT: Final = 1


@dataclass(frozen=True)
class Letters:
    """A fitted model."""

    terms: tuple[str, ...]
    """The runs of letters that it knows, in the order of the columns of ``components``."""
    idf: Vectors
    components: Vectors
    """What each run adds to the vector: ``DIMENSIONS`` rows, those at the end zero where there were too few names."""

    @cached_property
    def digest(self) -> str:
        """Names the model."""
        parts = (f"letters {FORMAT}\n" + "\n".join(self.terms)).encode()
        parts += self.idf.tobytes() + self.components.tobytes()
        return hashlib.sha256(parts).hexdigest()[:16]

    def encode(self, texts: list[str]) -> Vectors:
        """A vector for each text; zeros where none of its runs of letters is known."""
        counts = _counter(vocabulary=self.terms)
        counts.idf_ = self.idf
        return unit(counts.transform(texts) @ self.components.T)

    def save(self, settings: Settings) -> Path:
        """Write it to ``CWM_HOME/vectors``, for the owner only (it holds parts of names); whole or not at all."""
        path = file(settings, self.digest)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(f".{os.getpid()}")
        with part.open("wb") as out:
            part.chmod(0o600)
            np.savez_compressed(
                out, terms=np.array(self.terms), idf=self.idf, components=self.components, format=FORMAT
            )
        part.replace(path)
        return path


def fit(texts: list[str]) -> Letters:
    """The model of some names; the same names give the same model, in any order.

    Raises:
        InvalidInputError: there is no name with a letter in it.
    """
    names = sorted({text.lower() for text in texts if any(map(str.isalnum, text))})
    if not names:
        raise InvalidInputError("There is no name to fit on.", do="Ingest something: cwm ingest PATH.")
    counts = _counter(max_features=MOST)
    rows = counts.fit_transform(names)
    svd = TruncatedSVD(min(DIMENSIONS, *rows.shape), random_state=SEED).fit(rows)
    components = np.zeros((DIMENSIONS, rows.shape[1]), np.float32)
    components[: len(svd.components_)] = svd.components_
    return Letters(tuple(counts.get_feature_names_out()), counts.idf_.astype(np.float32), components)


def load(settings: Settings, digest: str) -> Letters:
    """The model of that digest from ``CWM_HOME/vectors``.

    Raises:
        NotFoundError: it is not there, since the vectors were made under another home or on another machine.
        InvalidInputError: the file is damaged.
    """
    path = file(settings, digest)
    try:
        with np.load(path, allow_pickle=False) as held:
            found = Letters(tuple(map(str, held["terms"])), held["idf"], held["components"])
    except FileNotFoundError:
        raise NotFoundError(
            "The vectors of this graph were made by a model that is not here.",
            got=f"letters {digest}",
            do=f"Copy {path.name} into {path.parent}, or make the vectors anew: cwm concepts embed --again.",
        ) from None
    except (OSError, ValueError, KeyError) as fault:
        raise _damaged(path) from fault
    if found.digest != digest:
        raise _damaged(path)
    return found


def file(settings: Settings, digest: str) -> Path:
    """Where the model of that digest lies."""
    return settings.home / "vectors" / f"letters-{digest}.npz"


def _counter(**more: Any) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float32, **more
    )


def _damaged(path: Path) -> InvalidInputError:
    do = "Make the vectors anew: cwm concepts embed --again."
    return InvalidInputError("The model of the vectors is damaged.", got=str(path), do=do)
