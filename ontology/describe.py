"""The mappings as pages for people: ``python -m ontology.describe`` writes the lists of ``mapping.md`` and ``tables.md``."""

from pathlib import Path

from ontology import mapping
from ontology.mapping import Delayed, Mapping, Named, Turn
from ontology.table_mapping import KindMapping, Made, columns, kinds, systems
from ontology.table_mapping import tables as omop

PAGE = Path(__file__).parents[1] / "docs" / "mapping.md"
TABLES = PAGE.with_name("tables.md")
BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"


def page(text: str) -> str:
    """The page with what stands between its two marks made from the mappings.

    >>> page(f"a {BEGIN} old {END} z").startswith("a <!-- generated: begin -->")
    True
    """
    return _between(text, tables())


def tables_page(text: str) -> str:
    """The page of the tables of OMOP CDM and MEDS, likewise."""
    return _between(text, f"{_omop()}\n\n{_meds()}\n\n{_systems()}")


def _between(text: str, made: str) -> str:
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n\n{made}\n\n{END}{rest.partition(END)[2]}"


def tables() -> str:
    """One table of types and classes, then one section a type."""
    rules = [rule for _, rule in sorted(mapping.registry().items())]
    overview = [
        "| type | class | what |",
        "|---|---|---|",
        *(f"| [{r.type}](#{r.type.lower()}) | {r.kind} | {r.summary} |" for r in rules),
    ]
    return "\n".join([*overview, *map(_section, rules)])


def _section(rule: Mapping) -> str:
    spec = f"https://hl7.org/fhir/R4/{rule.type.lower()}.html"
    rows = [("code", _list(rule.code)), ("category", _list(rule.category)), ("also coded", _list(rule.coded))]
    rows += [(f"`{n}`", f"{_list(p.elements)} ({p.read})") for n, p in rule.properties.items()]
    rows += [("`start`", _list(rule.times.start)), ("`end`", _list(rule.times.end))]
    rows += [
        (
            "`recorded`",
            "; ".join(map(_clock, rule.times.recorded)) or ("" if rule.kind == "Event" else "always known"),
        )
    ]
    if rule.closing.fields:
        known = _list(rule.closing.known) or "never, FHIR does not say"
        rows += [("closing", f"{_list(rule.closing.fields)}; known at: {known}")]
    rows += [(f"at {path}", _link(link)) for path, link in rule.links.items()]
    lines = [
        f"\n### {rule.type}\n",
        f"`:{rule.label}`, [FHIR R4]({spec}). {rule.summary}\n",
        "| node | from |",
        "|---|---|",
    ]
    return "\n".join([*lines, *(f"| {what} | {whence} |" for what, whence in rows if whence)])


def _list(items: tuple[str, ...]) -> str:
    return ", ".join(f"`{item}`" for item in items)


def _clock(clock: str | Delayed) -> str:
    if isinstance(clock, str):
        return f"`{clock}`"
    waits = ", ".join(f"{kind} {minutes} min" for kind, minutes in clock.minutes.items())
    return f"{_list(clock.after)} and a delay: {waits}, else {clock.default} min"


def _link(link: Named) -> str:
    props = f" with {_list(tuple(link.props))}" if link.props else ""
    cases = "".join(f"; {_arrow(turn)} where `{link.by}` is `{word}`" for word, turn in link.cases.items())
    return f"{_arrow(link)}{props}{f' ({link.target})' if link.target else ''}{cases}"


def _arrow(link: Named | Turn) -> str:
    return f"`<-[:{link.type}]-`" if link.inward else f"`-[:{link.type}]->`"


def _omop() -> str:
    rows = ["### OMOP CDM", "", "| table | becomes | what | carried as extensions |", "|---|---|---|---|"]
    for rule in omop().values():
        used = {rule.key, rule.person}.union(*(columns(made.make) for made in rule.resources))
        rest = _list(tuple(name for name in rule.columns if name not in used))
        rows.append(f"| {rule.table} | {', '.join(map(_when, rule.resources))} | {rule.summary} | {rest} |")
    return "\n".join(rows)


def _when(made: Made) -> str:
    if not isinstance(made.when, dict):
        return made.type if made.when is None else f"else {made.type}"
    said = [
        f"`{name}` is given" if values == "given" else f"`{name}` is {', '.join(map(str, values))}"
        for name, values in made.when.items()
    ]
    return f"{made.type} (where {' or '.join(said)})"


def _meds() -> str:
    rows = ["### MEDS", "", "| kind | becomes | codes | what |", "|---|---|---|---|"]
    rows += [f"| {kind.name} | {kind.type} | {_codes(kind)} | {kind.summary} |" for kind in kinds().values()]
    return "\n".join(rows)


def _codes(kind: KindMapping) -> str:
    said = [*kind.codes, *(pattern for patterns in kind.roles.values() for pattern in patterns)]
    return _list(tuple(said)) + (", and every other" if kind.default else "")


def _systems() -> str:
    rows = ["### Code systems", "", "| name in OMOP and MEDS | in FHIR |", "|---|---|"]
    return "\n".join(
        [*rows, *(f"| {', '.join(names)} | `{system}` |" for system, names in systems().items())]
    )


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    TABLES.write_text(tables_page(TABLES.read_text(encoding="utf-8")), encoding="utf-8")
