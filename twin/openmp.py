"""OpenMP's library for LightGBM: its wheel brings none, and a system that is bare has none, but PyTorch's wheel does."""

import ctypes
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from ontology.errors import MissingExtraError

LIBRARY = "libgomp.so.1"


@cache
def bring() -> bool:
    """Load OpenMP's library, the system's or else PyTorch's, so that LightGBM finds it; whether there is one.

    >>> bring()
    True
    """
    if not sys.platform.startswith("linux"):
        return True  # elsewhere the wheel names another library, and says itself what it lacks
    return any(map(_loaded, (LIBRARY, *_of_torch())))


def lightgbm() -> ModuleType:
    """LightGBM.

    Raises:
        MissingExtraError: there is no OpenMP for it.
    """
    bring()
    try:
        import lightgbm
    except OSError as error:
        raise MissingExtraError(
            "Gradient boosting needs OpenMP's library, which this system lacks.",
            got=str(error),
            do="Install it: apt install libgomp1 (Debian, Ubuntu), dnf install libgomp (Fedora); or PyTorch, which brings one: "
            "make env in a checkout, else pip install 'clinical-world-model[embeddings]'.",
        ) from None
    module: ModuleType = lightgbm
    return module


def _of_torch() -> list[str]:
    torch = importlib.util.find_spec("torch")
    return [str(Path(torch.origin).parent / "lib" / LIBRARY)] if torch and torch.origin else []


def _loaded(library: str) -> bool:
    try:
        ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return False
    return True
