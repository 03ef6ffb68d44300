"""A short memory, so that the panels of one page read the same thing once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any, ClassVar


class Recall:
    """Keeps the last few answers for a few seconds; callers who ask for the same at once wait for one answer.

    >>> recall, calls = Recall(), []
    >>> [recall("a", lambda: calls.append(1) or len(calls)) for _ in range(3)]
    [1, 1, 1]
    """

    most: ClassVar[int] = 16
    seconds: ClassVar[float] = 10.0

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def __call__(self, name: Hashable, make: Callable[[], Any]) -> Any:
        """The answer kept under a name, or a new one."""
        with self._lock:
            own = self._locks.setdefault(name, threading.Lock())
        with own:
            with self._lock:
                when, answer = self._kept.get(name, (float("-inf"), None))
            if monotonic() - when < self.seconds:
                return answer
            answer = make()
            with self._lock:
                self._kept[name] = (monotonic(), answer)
                while len(self._kept) > self.most:
                    self._locks.pop(self._kept.popitem(last=False)[0], None)
            return answer
