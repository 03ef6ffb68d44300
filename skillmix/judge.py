"""From evidence to findings: which records count at a coordinate, and what each rule says. Pure functions."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from skillmix.coordinate import Coordinate
from skillmix.evidence import Evidence, Measure
from skillmix.policy import Outcome, Policy, Rule
from skillmix.population import matches

Ruling = Literal[
    "counts",
    "elsewhere",
    "other-population",
    "unknown",
    "assumption",
    "later",
    "level",
    "too-few",
    "too-few-events",
    "expired",
]


class Finding(BaseModel):
    """What one rule says of an agent at a coordinate."""

    model_config = ConfigDict(frozen=True)
    measure: Measure
    statistic: str
    outcome: Outcome | Literal["missing", "expired"]
    evidence: tuple[str, ...]
    """Ids of the records it rests on."""
    text: str


def rule_on(
    item: Evidence, at: Coordinate, population: str, when: dt.date, policy: Policy, rule: Rule
) -> Ruling:
    """Whether a record counts at a coordinate, or why not. Zero transfer comes first and asks no policy."""
    count = item.counts.get(at.text)
    if item.date > when:
        return "later"
    if not matches(population, item.population):
        return "other-population"
    if item.assumption:
        return "assumption"
    if item.cells.unknown:
        return "unknown"
    if count is None:
        return "elsewhere"
    if item.level < policy.level:
        return "level"
    if count.n < _or(rule.least_n, policy.least_n):
        return "too-few"
    if not _enough_events(count.n, count.events, _or(rule.least_events, policy.least_events)):
        return "too-few-events"
    return "expired" if (when - item.date).days > policy.greatest_age_days else "counts"


def findings(
    items: Sequence[Evidence], at: Coordinate, population: str, when: dt.date, policy: Policy
) -> list[Finding]:
    """One finding a rule of the policy, in the policy's order.

    The newest record of each data set speaks; a failed one is not outvoted by others, an inconclusive one is.
    """
    found = []
    for measure, rules in policy.measures.items():
        for rule in rules.rules:
            about = [i for i in items if i.measure == measure and i.statistic == rule.statistic]
            ruled = [(i, rule_on(i, at, population, when, policy, rule)) for i in about]
            found.append(_finding(measure, rule, ruled, at, rules.note))
    return found


def _finding(
    measure: Measure, rule: Rule, ruled: list[tuple[Evidence, Ruling]], at: Coordinate, note: str | None
) -> Finding:
    outcome: Outcome | Literal["missing", "expired"] = "missing"
    speaking = newest(i for i, r in ruled if r == "counts")
    outcomes = {i.id: rule.judge(i.low, i.high) for i in speaking}
    for candidate in ("failed", "passed", "inconclusive"):
        if candidate in outcomes.values():
            outcome = candidate
            break
    if outcome != "missing":
        chosen = [i for i in speaking if outcomes[i.id] == outcome]
        figures = "; ".join(figure(i, at) for i in chosen)
        verb = {"passed": "meets", "failed": "fails", "inconclusive": "does not yet meet"}[outcome]
        text = f"{figures} {verb} '{rule.words}'."
    else:
        chosen = newest(i for i, r in ruled if r == "expired" and rule.judge(i.low, i.high) == "passed")
        outcome = "expired" if chosen else "missing"
        text = f"{rule.statistic}: " + (why_not(ruled) or f"no evidence here. {note or ''}".strip())
    return Finding(
        measure=measure,
        statistic=rule.statistic,
        outcome=outcome,
        evidence=tuple(i.id for i in chosen),
        text=text,
    )


def newest(items: Iterable[Evidence]) -> list[Evidence]:
    """The records of the newest day of each data set."""
    items = sorted(items, key=lambda i: (i.dataset, i.id))
    last = {i.dataset: max(j.date for j in items if j.dataset == i.dataset) for i in items}
    return [i for i in items if i.date == last[i.dataset]]


def figure(item: Evidence, at: Coordinate) -> str:
    """A record in one line: value, interval, n and events in the cell."""
    count = item.counts.get(at.text)
    sizes = f"n {count.n if count else item.n}"
    events = count.events if count else item.events
    sizes += "" if events is None else f", {events} events"
    return f"{item.statistic} {item.value:.3g} ({item.level:.0%} interval {item.low:.3g} to {item.high:.3g}; {sizes})"


def why_not(ruled: Iterable[tuple[Evidence, Ruling]]) -> str:
    """Why the records about a statistic do not count here, or nothing when there are none."""
    words: dict[Ruling, str] = {
        "elsewhere": "gathered in other cells, and nothing carries over",
        "other-population": "gathered in another population, and nothing carries over",
        "unknown": "its cells have a dimension that the data do not tell",
        "assumption": "borrowed as an assumption, which never validates",
        "level": "its interval is of a lower level than the policy asks",
        "too-few": "too few samples in this cell",
        "too-few-events": "too few events, or too few without, in this cell",
        "expired": "older than the policy allows",
    }
    groups: dict[str, list[str]] = {}
    for item, ruling in ruled:
        if ruling in words:
            by = f"; assumed by {item.assumption.author}: {item.assumption.reason}" if item.assumption else ""
            groups.setdefault(words[ruling] + (by if ruling == "assumption" else ""), []).append(item.id[:8])
    parts = [f"evidence {_named(ids)} not counted ({why})" for why, ids in sorted(groups.items())]
    return "; ".join(parts) + "." if parts else ""


def _named(ids: list[str]) -> str:
    """At most three ids, and how many more."""
    more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
    return ", ".join(sorted(ids)[:3]) + more


def _or(value: int | None, other: int) -> int:
    return other if value is None else value


def _enough_events(n: int, events: int | None, least: int) -> bool:
    return least == 0 or (events is not None and least <= events <= n - least)
