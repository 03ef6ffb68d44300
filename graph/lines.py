"""A file of lines that only its owner may read: it is made with its first line, and never holds a part of one."""

import errno
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from ontology.errors import FileError


class Lines:
    """Lines of bytes added to the file at ``path``; each is with the system when :meth:`add` returns.

    So a process that is killed has lost none, and a disk that is full leaves the file as it was before the line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def add(self, line: bytes) -> None:
        """Write one line, which ends with a line break.

        Raises:
            FileError: the file cannot be made or written; the line is not in it.
        """
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            _write(self._file, line)
        except OSError as error:
            raise FileError(
                f"A file cannot be written: {error.strerror}.",
                got=str(self.path),
                do="Free some space on that disk, or set CWM_HOME to another, and run it again: what was done is kept."
                if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
                else "Set CWM_HOME to a folder of yours, and run it again: what was done is kept.",
            ) from error

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _write(file: int, line: bytes) -> None:
    """Write it all; where that fails, the file is cut back to its last whole line."""
    before = os.fstat(file).st_size
    rest = memoryview(line)
    try:
        while rest:
            rest = rest[os.write(file, rest) :]
    except OSError:
        os.ftruncate(file, before)
        raise
