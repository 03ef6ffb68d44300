"""What conditional references mean, as far as a run has met it: most then go where they belong when they are written.

What others refer to is read before them, so a run has met most of what its conditional references look for. Nothing rests
on it: the end of the ingest (:mod:`graph.references`) looks at every reference that was resolved, by whomever, and takes
back what is not so any longer or was never unambiguous. For that the graph holds an ``:Alias`` of every reference that is
resolved, and only that one is followed.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from graph.ingest_deletes import Run
from graph.ingest_rows import Row

MOST: Final = 200_000
"""Identifiers that a run remembers; what comes after them is found at the end."""
ASKS: Final = "?identifier="


class Means:
    """The identifiers of what one run has written.

    >>> means = Means()
    >>> means.meet({"key": "Practitioner/1", "props": {"identifiers": ["npi|7", "npi|8"]}})
    >>> means.meet({"key": "Practitioner/2", "props": {"identifiers": ["npi|8"]}})
    >>> means.proposed(["Practitioner?identifier=npi|7", "Practitioner?identifier=npi|8"])
    [{'from': 'Practitioner?identifier=npi|7', 'to': 'Practitioner/1'}]
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._found: dict[str, str | None] = {}

    def meet(self, node: dict[str, Any]) -> None:
        """Remember the identifiers of a resource."""
        key = node["key"]
        for identifier in node["props"].get("identifiers", ()):
            asked = f"{key.partition('/')[0]}{ASKS}{identifier}"
            if asked in self._found:
                if self._found[asked] != key:
                    self._found[asked] = None
            elif len(self._found) < self._most:
                self._found[asked] = key

    def proposed(self, keys: Iterable[str]) -> list[dict[str, str]]:
        """What some of the references would mean: those that one resource answers."""
        return [{"from": asked, "to": found} for asked in keys if (found := self._found.get(asked))]

    def of(self, rows: Sequence[Row], run: Run) -> dict[str, str]:
        """What the conditional references of a batch mean, by their keys; ``run`` runs queries in its transaction."""
        for row in rows:
            if "of" not in row.nodes[0]["props"]:  # a superseded version is not what a reference means
                self.meet(row.nodes[0])
        asked = sorted(
            {key for row in rows for link in row.links for key in (link["a"], link["b"]) if ASKS in key}
        )
        if not asked:
            return {}
        found = run("ingest.means", keys=asked, pairs=self.proposed(asked))
        return {one["from"]: one["to"] for one in found}
