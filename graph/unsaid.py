"""Parameters of queries that no log spells out.

The driver writes the text of every parameter for its log, whether or not anybody reads that: it holds patients' facts, and
making it took a twentieth of a first load (docs/benchmarks.md).
"""

from collections.abc import Callable, Mapping
from typing import Any


class _List(list[Any]):
    def __repr__(self) -> str:
        return f"<list of {len(self)}>"


class _Map(dict[str, Any]):
    def __repr__(self) -> str:
        return f"<map of {len(self)}>"


class _Text(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return f"<text of {len(self)}>"


_WAYS: dict[type, Callable[[Any], Any]] = {list: _List, tuple: _List, dict: _Map, str: _Text}


def unsaid(params: Mapping[str, Any]) -> dict[str, Any]:
    """The same parameters, whose lists, maps and texts say only how long they are.

    >>> unsaid({"key": "Patient/1", "rows": [{"name": "Ada"}], "most": 5})
    {'key': <text of 9>, 'rows': <list of 1>, 'most': 5}
    >>> unsaid({"key": "Patient/1"}) == {"key": "Patient/1"}
    True
    """
    return {name: _WAYS.get(value.__class__, _same)(value) for name, value in params.items()}


def _same(value: Any) -> Any:
    return value
