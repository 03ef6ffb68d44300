"""How often Python looks for garbage while many rows are made."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

_NEW = 50_000
"""New objects after which Python looks for cycles among them, in place of 700."""


_lock = RLock()  # a collection within may close a generator that ends here too
_before: list[tuple[int, int, int]] = []
"""The thresholds that each of those within has found; the first to come found Python's own, the last to go restores it."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Within it Python looks for garbage in cycles seldom; all other garbage goes at once, as ever.

    Some ten thousand rows wait to be written at any time, each of a hundred small objects that hold no cycles. To look
    through them again and again took half the time of making them (docs/benchmarks.md).

    >>> with seldom_collected():
    ...     gc.get_threshold()[0]
    50000
    """
    with _lock:
        before = gc.get_threshold()
        _before.append(before)
        if 0 < before[0] < _NEW:
            gc.set_threshold(_NEW, *before[1:])
    try:
        yield
    finally:
        with _lock:
            first = _before[0]
            _before.pop()
            if not _before:
                gc.set_threshold(*first)
