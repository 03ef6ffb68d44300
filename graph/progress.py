"""How long work says how far it is."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

_Item = TypeVar("_Item")
_EVERY = 200


class Progress(Protocol):
    """Called again and again with what is done and what there is in all, and what is being done."""

    def __call__(self, done: int, total: int | None = None, what: str | None = None) -> None:
        """``done`` of ``total`` (None when unknown), in units that the caller names; ``what`` is being worked on."""


def silent(done: int, total: int | None = None, what: str | None = None) -> None:
    """Say nothing: for who does not ask."""


def told(
    items: Iterable[_Item],
    progress: Progress,
    total: int | None = None,
    *,
    start: int = 0,
    every: int = _EVERY,
) -> Iterator[_Item]:
    """The same items, counted from ``start`` to whoever asks, one call for ``every`` of them and one at the end.

    >>> said = []
    >>> list(told("abc", lambda done, total=None, what=None: said.append((done, total)), 3, every=2)), said
    (['a', 'b', 'c'], [(2, 3), (3, 3)])
    """
    done = start
    for done, item in enumerate(items, start + 1):
        yield item
        if done % every == 0:
            progress(done, total)
    if done % every or done == start:
        progress(done, total)
