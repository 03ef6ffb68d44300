"""The mappings as a page for people: ``python -m ontology.describe`` writes the tables of ``docs/mapping.md`` anew."""

from pathlib import Path

from ontology import mapping
from ontology.mapping import Delayed, Mapping, Named, Turn

PAGE = Path(__file__).parents[1] / "docs" / "mapping.md"
BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"


def page(text: str) -> str:
    """The page with what stands between its two marks made from the mappings.

    >>> page(f"a {BEGIN} old {END} z").startswith("a <!-- generated: begin -->")
    True
    """
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n\n{tables()}\n\n{END}{rest.partition(END)[2]}"


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


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
