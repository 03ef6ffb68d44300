"""The options that every export shares: as of when, of whom, de-identified."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.instant import instant

if TYPE_CHECKING:
    from graph import Graph
    from graph.export.request import Request

Cohort = Annotated[
    str | None, typer.Option(help="Only the patients of a saved cohort; see `cwm cohort list`.")
]
Hide = Annotated[
    bool,
    typer.Option(
        "--deidentify",
        help="Hash ids, shift dates (the same for all of one patient's), pool ages over 89, leave out names and free text.",
    ),
]
Key = Annotated[
    Path | None,
    typer.Option(
        "--key",
        help="File with the key for de-identifying, made when it is not there; without it each export has a new one.",
    ),
]
Shared = Annotated[
    int, typer.Option(min=1, help="De-identified, words stay in where at least so many patients share them.")
]
SHARED = 11


def asked(
    graph: "Graph", as_of: str | None, cohort: str | None, hide: bool, key: Path | None, shared: int
) -> "Request":
    """The request that the options make."""
    from graph import cohort_store
    from graph.export.deidentify import key_from
    from graph.export.request import request

    patients = None
    if cohort is not None:
        patients = cohort_store.members(graph, cohort_store.load(graph, cohort))["patient"].to_list()
    secret = key_from(key) if key is not None else None
    return request(graph, instant(as_of), patients, hide=hide, key=secret, shared=shared)
