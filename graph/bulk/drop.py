"""Take resources out of the importer's files again."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from graph.bulk.table import LINE, torn


def drop(folder: Path, dropped: npt.NDArray[np.bool_]) -> None:
    """Rewrite the files in ``folder`` that hold lines of the resources ``dropped``, a piece at a time."""
    for index in sorted(path for path in folder.glob("*.index") if path.stat().st_size):
        lines = np.memmap(index, LINE, "r")
        gone = dropped[lines["owner"]]
        if gone.any():
            _rewrite(index.with_suffix(".csv"), lines["size"].astype(np.int64), gone)
            part = index.with_suffix(".part")
            with part.open("wb") as out:  # not by tofile, which says nothing of a full disk
                out.write(lines[~gone].tobytes())
            part.replace(index)


def _rewrite(path: Path, sizes: npt.NDArray[Any], gone: npt.NDArray[np.bool_]) -> None:
    # Neighbours that both stay, or both go, are one piece.
    turns = np.flatnonzero(np.diff(gone)) + 1
    whole = np.add.reduceat(sizes, np.concatenate([[0], turns]))
    part, goes = path.with_suffix(".part"), bool(gone[0])
    with path.open("rb") as file, part.open("wb") as out:
        for size in whole.tolist():
            if goes:
                file.seek(size, 1)
            else:
                _copy(file, out, size)
            goes = not goes
    part.replace(path)


def _copy(file: Any, out: Any, size: int) -> None:
    while size:
        chunk = file.read(min(size, 2**20))
        if not chunk:
            raise torn()
        out.write(chunk)
        size -= len(chunk)
