"""Rounds from placings: in a round the stations never go back; what would go back opens the next round."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from typing import Any, NamedTuple

import orjson

from ontology import loop
from ontology.loop import Fact, Placing

REACH = 30 * 86_400_000
"""A fact that names no encounter belongs to the one that was open when it became known, begun at most this long before
(milliseconds; ours)."""


class Visit(NamedTuple):
    """An encounter: its key, and when it began and was known to be over (ms since 1970)."""

    key: str
    recorded: int | None
    closed: int | None


@dataclass(frozen=True)
class Round:
    """One turn of the loop of one actor in one encounter."""

    encounter: str
    actor: str
    n: int
    places: tuple[Placing, ...]
    agent: str | None = None

    @property
    def key(self) -> str:
        """``Encounter/e1/round/clinician/1``; an AI agent's rounds name it before the number.

        >>> Round("Encounter/e1", "clinician", 1, ()).key
        'Encounter/e1/round/clinician/1'
        """
        who = f"{self.actor}/{self.agent}" if self.agent else self.actor
        return f"{self.encounter}/round/{who}/{self.n}"

    @cached_property
    def digest(self) -> str:
        """A hash of what stands in it, and where."""
        return sha256(orjson.dumps([list(p) for p in self.places])).hexdigest()[:16]

    def follows(self, other: "Round") -> bool:
        """True when it is the next round of the same actor in the same encounter."""
        return (self.encounter, self.actor, self.agent, self.n) == (
            other.encounter,
            other.actor,
            other.agent,
            other.n + 1,
        )

    def row(self) -> dict[str, Any]:
        """As ``loop.write`` takes it."""
        cells = [[p.fact, p.station, p.rule, p.known] for p in self.places]
        said = {rule.name for rule in loop.agent_rules() if rule.of == "prediction"}
        own = {"actor": self.actor, "n": self.n, "agent": self.agent, "digest": self.digest}
        return {
            "key": self.key,
            "encounter": self.encounter,
            "recorded": self.places[0].known,
            "props": own,
            "facts": [c for c in cells if c[2] not in said],
            "predictions": [c for c in cells if c[2] in said],
        }


def encounter_of(fact: Fact, named: Sequence[str], visits: Sequence[Visit]) -> str | None:
    """The encounter that a fact belongs to: the one it names, else the one that was open when it became known.

    The latest begun of several. It depends only on what was known at the fact's own instant, so it never changes later.

    >>> visits = [Visit("Encounter/1", 0, 10), Visit("Encounter/2", 5, None)]
    >>> encounter_of(Fact("x", "Goal", 7), [], visits), encounter_of(Fact("x", "Goal", 3), [], visits)
    ('Encounter/2', 'Encounter/1')
    """
    own = [v for v in visits if v.key in named]
    if own:
        return min(own, key=lambda v: (v.recorded is None, v.recorded, v.key)).key
    known = fact.known
    if known is None or named:
        return None
    open_ = [
        v
        for v in visits
        if v.recorded is not None
        and v.recorded <= known <= v.recorded + REACH
        and not (v.closed is not None and v.closed < known)
    ]
    return max(open_, key=lambda v: (v.recorded, v.key)).key if open_ else None


def of_facts(encounter: str, facts: Iterable[Fact]) -> Iterator[Round]:
    """The rounds of clinician and patient in one encounter."""
    placings = sorted((p for fact in facts for p in loop.place(fact)), key=_order)
    for actor in ("clinician", "patient"):
        own = [p for p in placings if p.actor == actor]
        for n, places in enumerate(turns(own), 1):
            yield Round(encounter, actor, n, tuple(places))


def turns(placings: Iterable[Placing]) -> Iterator[list[Placing]]:
    """Placings in order of time, cut where a station comes before the one that was reached."""
    turn: list[Placing] = []
    for placing in placings:
        if turn and placing.rank < turn[-1].rank:
            yield turn
            turn = []
        turn.append(placing)
    if turn:
        yield turn


def _order(placing: Placing) -> tuple[int, int, int, str]:
    return placing.known, placing.phase, placing.rank, placing.fact


def of_agents(predictions: Iterable[dict[str, Any]], encounters: set[str]) -> Iterator[Round]:
    """One round a prediction: what it read, what of it counted, the probability, the gate's verdict, the release.

    A fact with a contribution is a cue, one without is input. A prediction of no encounter has no round.
    """
    inside = [p for p in predictions if p["encounter"] in encounters and p["made"] is not None]
    inside.sort(key=lambda p: (p["encounter"], p["agent"], p["made"], p["id"]))
    for (encounter, agent), group in groupby(inside, key=lambda p: (p["encounter"], p["agent"])):
        for n, prediction in enumerate(group, 1):
            yield Round(encounter, "agent", n, tuple(sorted(_said(prediction), key=_order)), agent)


def _said(prediction: dict[str, Any]) -> Iterator[Placing]:
    weighed: dict[str, float | None] = {}
    for key, contribution in prediction["because"]:
        weighed[key] = weighed.get(key) or contribution
    for rule in loop.agent_rules():
        rank = loop.ranks()[rule.station]
        if rule.of == "prediction":
            things = [prediction["id"]] if rule.fits(prediction[rule.field]) else []
        else:
            things = [key for key, contribution in weighed.items() if rule.fits(contribution)]
        for thing in things:
            yield Placing(prediction["made"], 0, rank, thing, "agent", rule.station, rule.name)
