"""Names as vectors: which codes, people who care and places are called nearly so, in form or in meaning.

An encoder makes a vector of a name; it is one module here, found by its name. Vectors of two models cannot be compared, so
each model has a digest, and the graph says which one made its vectors.

>>> sorted(ENCODERS)
['letters', 'meaning']
"""

from importlib import import_module
from types import ModuleType
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""A row a name, of unit length; a row of zeros where the encoder knows nothing of the name."""

ENCODERS: Final[dict[str, int]] = {"letters": 256, "meaning": 384}
"""The encoders by name, with the length of their vectors: what the vector indexes were made for."""


class Encoder(Protocol):
    """Makes vectors of names."""

    @property
    def digest(self) -> str:
        """Names the model: 16 hexadecimal digits of a SHA-256."""

    def encode(self, texts: list[str]) -> Vectors:
        """A vector for each text."""


def module(name: str) -> ModuleType:
    """The module of an encoder; what it needs is imported with it, so only when it is used."""
    if name not in ENCODERS:
        raise KeyError(name)
    return import_module(f"graph.vectors.{name}")


def unit(rows: npt.NDArray[Any]) -> Vectors:
    """Rows at unit length, zeros as they are.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    made: Vectors = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0).astype(np.float32)
    return made
