"""Is there room on the disk?"""

import shutil
from pathlib import Path

from ontology.errors import GraphUnavailableError


def free(folder: Path) -> int:
    """Bytes free on the disk of a folder, which need not exist yet."""
    there = folder
    while not there.exists():
        there = there.parent
    return shutil.disk_usage(there).free


def need_space(folder: Path, wanted: int) -> None:
    """Refuse to go on when the disk of ``folder`` has less than ``wanted`` bytes free.

    Raises:
        GraphUnavailableError: too little is free.
    """
    if (left := free(folder)) < wanted:
        raise GraphUnavailableError(
            "There is not enough free disk space for the graph.",
            got=f"{left / 2**20:.0f} MiB free at {folder}",
            allowed=f"at least {wanted / 2**20:.0f} MiB (CWM_DISK_FREE)",
            do="Free some space, or put the data elsewhere with CWM_HOME (and the jars with CWM_CACHE).",
        )
