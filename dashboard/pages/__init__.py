"""The pages: one module each, found here by :func:`pages`. A page has

- ``PAGE``: a :class:`Page` with its address and title;
- ``layout(**variables)``: the empty page, made without touching the graph;
- ``register(app, desk)``: its callbacks, which are async and read the graph in a thread.
"""

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, cast

from dash import Dash

from dashboard.desk import Desk


@dataclass(frozen=True)
class Page:
    """A page's place: ``path`` may hold one ``<variable>``; pages with an ``order`` are in the menu."""

    name: str
    path: str
    title: str
    order: int | None = None
    under: str = ""
    """For a page that is not in the menu: the path of the one that is marked as current."""

    @property
    def variable(self) -> bool:
        """Whether the address holds a variable."""
        return "<" in self.path


class PageModule(Protocol):
    """What a module of a page offers."""

    PAGE: Page

    def layout(self, **variables: str) -> Any:
        """The empty page."""

    def register(self, app: Dash, desk: Desk) -> None:
        """Its callbacks."""


@cache
def pages() -> dict[str, PageModule]:
    """Every page by name, those of the menu first and in its order.

    >>> "patients" in pages()
    True
    """
    found = [
        cast("PageModule", importlib.import_module(f"{__name__}.{info.name}"))
        for info in pkgutil.iter_modules(__path__)
        if not info.name.startswith("_")
    ]
    found.sort(key=lambda module: (module.PAGE.order is None, module.PAGE.order or 0, module.PAGE.name))
    return {module.PAGE.name: module for module in found}
