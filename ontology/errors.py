"""One shape for every error that a person is to read."""

from typing import ClassVar


class CwmError(Exception):
    """Something a person can mend: what was wrong, what was got, what is allowed, what to do.

    ``code`` is stable and meant for scripts; ``exit_status`` is what ``cwm`` ends with.

    >>> error = CwmError("Unknown task.", got="admision-365d", allowed="admission-365d, icu-mortality-48h",
    ...                  do="See `cwm twin tasks`.")
    >>> print(error)
    Unknown task. Got: admision-365d. Allowed: admission-365d, icu-mortality-48h. See `cwm twin tasks`.
    >>> error.as_dict()["code"]
    'error'
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1

    def __init__(
        self, what: str, *, got: object = None, allowed: str | None = None, do: str | None = None
    ) -> None:
        self.what, self.got, self.allowed, self.do = what, got, allowed, do
        parts = [what]
        if got is not None:
            parts.append(f"Got: {got}.")
        if allowed:
            parts.append(f"Allowed: {allowed}.")
        if do:
            parts.append(do)
        super().__init__(" ".join(parts))

    def as_dict(self) -> dict[str, str | None]:
        """The error as JSON: ``code, what, got, allowed, do``."""
        got = None if self.got is None else str(self.got)
        return {"code": self.code, "what": self.what, "got": got, "allowed": self.allowed, "do": self.do}


class InvalidInputError(CwmError):
    """What the caller gave cannot be used; nothing was changed."""

    code = "invalid-input"
    exit_status = 2


class NotFoundError(CwmError):
    """What was asked for is not there."""

    code = "not-found"
    exit_status = 3


class GraphUnavailableError(CwmError):
    """The database cannot be started, reached or entered."""

    code = "graph-unavailable"
    exit_status = 4


class MissingExtraError(CwmError):
    """An optional library is needed; the message holds the exact command that adds it."""

    code = "missing-extra"
    exit_status = 5


class FileError(CwmError):
    """The system refuses to read or write a file: it is not there, not ours to use, or the disk is full."""

    code = "file"
    exit_status = 1

    @classmethod
    def of(cls, error: OSError) -> "FileError":
        """What the system said, and of which file.

        >>> print(FileError.of(FileNotFoundError(2, "No such file or directory", "/nowhere/x.yaml")))
        A file cannot be read or written: No such file or directory. Got: /nowhere/x.yaml.
        """
        return cls(
            f"A file cannot be read or written: {error.strerror or error}.",
            got=error.filename2 or error.filename,
        )
