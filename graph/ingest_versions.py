"""Superseded versions of facts and encounters: nodes of their own, so that before a correction the record says what it said.

The newest version keeps the key of its resource, and so everything that refers to it. What it took the place of becomes
``Type/id/_history/<instant>`` with the labels ``:Deleted:Superseded``: gone since the newer one is known, and there as of
before. Which versions there are is remembered by the newest (``versions``), so that they may come in any order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from graph.fhir.read_items import Found
from graph.fhir.versions import SUFFIX, Said, Stretch, content, instant, stretches, visible
from graph.ingest_deletes import Run
from graph.ingest_rows import Row, row, versioned

_OWN = ("rank", "digest", "fhir", "source", "line", "entry", "run", "url", "urls")
"""What two versions of one content differ in."""
Known = dict[str, dict[str, Any]]


@dataclass(slots=True)
class Past:
    """What is to be written of superseded versions, and of the newest ones because of them."""

    run: str
    """The ingest."""
    fhir: str | None
    """The version of FHIR where a resource does not say."""
    heads: dict[str, Row] = field(default_factory=dict)
    """In place of newest versions that are to be written: the same with what they must know of those before them."""
    restated: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of newest versions that say what is there already: all that changes, by key; nothing else of them is to be written."""
    create: list[Row] = field(default_factory=list)
    """Superseded versions that the graph does not have."""
    again: list[Row] = field(default_factory=list)
    """Those that it has and that were known from or until another instant; newest ones that are known since another."""
    gone: list[str] = field(default_factory=list)
    """Keys of superseded versions that are none any longer: another version that says the same came beside them."""
    said: list[dict[str, Any]] = field(default_factory=list)
    """``key`` and ``versions`` of newest ones of which nothing else changes."""
    keys: list[str] = field(default_factory=list)
    """Resources whose versions were looked at."""

    @property
    def rows(self) -> list[Row]:
        """All that is written."""
        return [*self.create, *self.again]


class _Stored(NamedTuple):
    """A version that the graph holds, as ``ingest.versions`` answers."""

    of: str
    key: str
    rank: str
    versions: list[str] | None
    since: list[int] | None
    deleted: list[int] | None
    recorded: list[int] | None
    first: list[int] | None
    over: list[int] | None
    clocked: list[int] | None
    fhir: str
    source: str
    line: int
    entry: int | None
    run: str
    id: str
    assigned: bool | None
    fhir_version: str | None
    refs: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Text:
    found: Found
    run: str
    fhir: str | None


def past(
    run: Run,
    heads: Iterable[Row],
    late: Iterable[Row],
    known: Known,
    deleted: Iterable[str],
    id_: str,
    fhir: str | None,
) -> Past:
    """What becomes of the versions of facts and encounters; no row that is given is changed, since a batch may be tried again.

    ``heads`` are newest versions about to be written, ``late`` older ones that came, ``known`` what the graph holds of their
    keys, ``deleted`` the keys of which a deletion was noted just now. ``run`` runs queries in the transaction of the batch,
    ``id_`` is the ingest and ``fhir`` its version of FHIR where a resource does not say.
    """
    newest = {one.key: one for one in heads if one.versioned}
    older: dict[str, list[Row]] = {}
    for one in late:
        older.setdefault(one.key, []).append(one)
    changed = (key for key, one in newest.items() if _replaces(one, known.get(key)))
    moved = (key for key in deleted if key not in newest and _has_past(key, known.get(key)))
    made = Past(id_, fhir, keys=sorted({*older, *changed, *moved}))
    held = [key for key in made.keys if known.get(key, {}).get("rank")]
    stored: dict[str, list[_Stored]] = {key: [] for key in made.keys}
    for cells in run("ingest.versions", keys=held)[0]["versions"] if held else ():
        stored[(there := _Stored(*cells)).of].append(there)
    for key in made.keys:
        _one(made, key, newest.get(key), older.get(key, ()), stored[key], known.get(key, {}))
    return made


def _replaces(new: Row, there: dict[str, Any] | None) -> bool:
    """Whether a version that is written may have had another before it."""
    if there is None:
        return False
    if there["rank"] is None:
        return bool(there["tomb"])
    return bool(there["versions"] or there["tomb"]) or new.moment > there["rank"].partition("|")[0]


def _has_past(key: str, there: dict[str, Any] | None) -> bool:
    """Whether it is one of which a deletion may lie before or between versions, or may have done so."""
    if there is None or not there["rank"] or not versioned(key):
        return False
    return bool(there["versions"] or there["since"] or there["tomb"] < there["rank"])


def _one(
    made: Past,
    key: str,
    head: Row | None,
    late: Sequence[Row],
    stored: Sequence[_Stored],
    known: dict[str, Any],
) -> None:
    there = next((one for one in stored if one.key == key), None)
    texts: dict[str, _Text] = {}
    said: set[Said] = set()
    if there:
        texts = {one.rank: _text(one) for one in stored}
        said = {*map(Said.read, there.versions or ())} or {Said(there.rank, content(there.fhir.encode()))}
    for one in (*late, *((head,) if head else ())):
        said.add(Said(one.rank, content(one.found.raw)))
        texts[one.rank] = _Text(one.found, made.run, made.fhir)
    if not said:
        return
    # Where the text of just that version was not kept, one that says the same stands for it.
    kept = {one.content: texts[one.rank] for one in sorted(said) if one.rank in texts}
    texts = {one.rank: kept[one.content] for one in said if one.content in kept} | texts
    line = stretches(said, known.get("tomb"))
    now = line[-1]
    whole = [str(version) for version in visible(said)]
    versions = whole if len(whole) > 1 else None
    older = {one.key: one for one in stored if one.key != key}
    first = _superseded(made, key, line[:-1], older, texts)
    over = _over(line, texts) if key.startswith("Encounter/") and len(line) > 1 else None
    clocks = [now.since and instant(now.since), first, over]
    same = there is not None and [there.since, there.first, there.over] == clocks
    again = there is not None and same and there.rank in {version.rank for version in now.said}
    if head and there and again and _restates(head, there):
        own = {name: head.nodes[0]["props"].get(name) for name in _OWN}
        made.restated[key] = own | {"versions": versions}
    elif head:
        made.heads[key] = _known_since(_copied(head), now.since, first, versions, over)
    elif there and not same:
        if isinstance(rewritten := row(*_given(_text(there, known["url"]))), Row):
            _known_since(rewritten, now.since, first, versions, over)
            if known["urls"]:
                rewritten.nodes[0]["props"]["urls"] = known["urls"]
            made.again.append(rewritten)
    elif there and there.versions != versions:
        made.said.append({"key": key, "versions": versions})


def _restates(new: Row, there: _Stored) -> bool:
    """Whether a version with the content of the one that is there changes no relationship: none is found by its bundle."""
    props = new.nodes[0]["props"]
    same = (props.get("fhir_version"), props.get("assigned")) == (there.fhir_version, there.assigned)
    return same and not any(":" in link["props"]["ref"] for link in new.links)


def _superseded(
    made: Past,
    key: str,
    line: Sequence[Stretch],
    stored: dict[str, _Stored],
    texts: dict[str, _Text],
) -> list[int] | None:
    """Superseded versions as they are to be: those that the graph has just so stay untouched; when one was first known.

    One that took longer to become known than to be corrected never was.
    """
    known: list[int] | None = None
    for stretch in line:
        first, last = stretch.said[0], stretch.said[-1]
        name = f"{key}{SUFFIX}{first.named}"
        there = stored.pop(name, None)
        times = [instant(at) if at else None for at in (stretch.since, stretch.until)]
        clock = "clocked" if stretch.since else "recorded"
        if there and [there.rank, there.since, there.deleted, there.first] == [last.rank, *times, known]:
            known = known or _seen_at(there.clocked if stretch.since else there.recorded, times[1])
            continue
        text = texts.get(last.rank)
        if text and isinstance(one := row(*_given(text)), Row):
            (made.again if there else made.create).append(_called(one, name, last.rank, stretch, known))
            known = known or _seen_at(
                next((at for n, *at in one.nodes[0]["times"] if n == clock), None), times[1]
            )
        elif there:
            stored[name] = there
    made.gone += stored
    return known


def _seen_at(recorded: list[int] | None, until: list[int] | None) -> list[int] | None:
    """When a version became known, if it did before another took its place."""
    return recorded if recorded and (until is None or recorded < until) else None


def _called(made: Row, name: str, rank: str, stretch: Stretch, first: list[int] | None) -> Row:
    """The row as that of a superseded version: by another key, deleted since the next one is known."""
    key = made.key

    def renamed(text: str) -> str:
        return f"{name}{text[len(key) :]}" if text == key or text.startswith(f"{key}#") else text

    _known_since(made, stretch.since, first, None)
    for node in made.nodes:
        props = node["props"]
        props["of"] = node["key"]
        node["key"] = props["key"] = renamed(node["key"])
        node["labels"] = [*node["labels"], "Deleted", "Superseded"]
        if stretch.until:
            node["times"].append(["deleted", *instant(stretch.until)])
        props.pop("url", None)
    made.nodes[0]["props"] |= {"rank": rank, "digest": rank.rpartition("|")[2]}
    for link in made.links:
        link |= {"a": renamed(link["a"]), "b": renamed(link["b"])}
        link["props"]["owner"] = renamed(link["props"]["owner"])
    for code in made.codes:
        code["key"] = renamed(code["key"])
    made.key, made.rank, made.url = name, rank, None
    return made


def _copied(of: Row) -> Row:
    nodes = [node | {"props": dict(node["props"]), "times": list(node["times"])} for node in of.nodes]
    return replace(of, nodes=nodes)


def _over(line: Sequence[Stretch], texts: dict[str, _Text]) -> list[int] | None:
    """When an encounter was first known to be over, where the newest version alone says another instant.

    Facts without a time of their own became known then, and a version that came later makes them known no other time.
    """
    instants: list[list[int]] = []
    newest: list[int] | None = None
    for stretch in line:
        text = texts.get(stretch.said[-1].rank)
        made = row(*_given(text)) if text else None
        times = made.nodes[0]["times"] if isinstance(made, Row) else ()
        newest = closed = next((at for name, *at in times if name == "closed"), None)
        if closed is None:
            continue
        if stretch.since:
            closed = max(closed, instant(stretch.since))
        if stretch.until is None or closed < instant(stretch.until):
            instants.append(closed)
    first = min(instants, default=None)
    return None if first == newest else first


def _known_since(
    made: Row,
    since: str | None,
    first: list[int] | None,
    versions: list[str] | None,
    over: list[int] | None = None,
) -> Row:
    """Let a version be known no earlier than it took the place of another, and know when the ``first`` of them was.

    What was known then is known on: the newer version from that moment, whatever delay the mapping has for it.
    """
    if versions:
        made.nodes[0]["props"]["versions"] = versions
    if first:
        made.nodes[0]["times"].append(["first_recorded", *first])
    if over:
        made.nodes[0]["times"].append(["first_closed", *over])
    if since is None:
        return made
    at = instant(since)
    goes_on = first is not None and first <= at
    for node in made.nodes:
        times = {name: t for name, *t in node["times"]}
        if node is made.nodes[0] and "recorded" in times:
            times["clocked"] = max(times["recorded"], at)
        if node is not made.nodes[0] and "recorded" not in times and "Event" in node["labels"]:
            # It takes its time from what it is contained in, which may turn out to be known only when all is read.
            node["labels"] = list(dict.fromkeys([*node["labels"], "Undated"]))
        elif goes_on and ("Event" in node["labels"] or "Encounter" in node["labels"]):
            times["recorded"] = at
        elif "recorded" in times or node["labels"][-1] == "Ecosystem":
            times["recorded"] = max(times.get("recorded", at), at)
        node["times"] = [[name, *t] for name, t in (times | {"since": at}).items()]
    return made


def _text(there: _Stored, url: str | None = None) -> _Text:
    """The text of a version that the graph holds; what its references were found to mean in their bundle comes with it."""
    found = Found(
        there.source,
        there.line,
        there.fhir.encode(),
        there.entry,
        url,
        there.id if there.assigned else None,
        dict(there.refs),
    )
    return _Text(found, there.run, there.fhir_version)


def _given(text: _Text) -> tuple[Found, str, str | None]:
    return text.found, text.run, text.fhir
