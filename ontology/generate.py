"""What is made from ``world.ttl``: ``python -m ontology.generate`` writes it anew, and a test says when it is stale.

The names that Python uses (``terms.py``), the JSON-LD context, and the page ``docs/reference/world.md`` with its pictures.
"""

import json
from collections.abc import Callable
from itertools import pairwise, product
from pathlib import Path

from ontology import world
from ontology.context import context
from ontology.world import World

HERE = Path(__file__).parent
PAGE = HERE.parents[0] / "docs" / "reference" / "world.md"
MADE = "Made by `make docs` from world.ttl; edit that file, not this one."
_HUB = ("Patient", "Provider", "Ecosystem", "Encounter", "Event")
_LEFT_OUT = {"REFERENCE", "MEMBER"}


def terms() -> str:
    """The module ``ontology/terms.py``."""
    seen = world.load()
    parts = [
        f'"""The names of the world: labels, relationships, properties, stations, actors, layers.\n\n{MADE}\n',
        '>>> Label.PATIENT, Relation.HAS_EVENT == "HAS_EVENT"\n(<Label.PATIENT: \'Patient\'>, True)\n"""\n',
        "from enum import StrEnum\n",
        _enum(
            "Label", "A class of the world: the label of its nodes.", [(_upper(n), n) for n in _labels(seen)]
        ),
        _enum(
            "Relation",
            "A relation of the world: the type of its relationships.",
            [(n, n) for n in seen.relations],
        ),
        _enum("Property", "A property of nodes or relationships.", [(n.upper(), n) for n in seen.attributes]),
        _enum(
            "Station",
            "A place of a fact in a round, in order.",
            [(s.code.upper(), s.code) for s in seen.stations],
        ),
        _enum("Actor", "Whose decision loop it is.", [(a.upper(), a) for a in seen.actors]),
        _enum(
            "Layer",
            "An anchoring layer of the decision loop.",
            [(_upper(y.name), y.code) for y in seen.layers],
        ),
    ]
    return "\n".join(parts)


def _labels(seen: World) -> list[str]:
    """Classes that are labels: not those that stand in RDF only, or for the loop itself."""
    return [
        n
        for n in seen.classes
        if n not in {"Component", "Link", "DecisionLoop", "AnchoringLayer", "Actor", "Station"}
    ]


def _enum(name: str, doc: str, members: list[tuple[str, str]]) -> str:
    lines = "\n".join(f'    {key} = "{value}"' for key, value in members)
    return f'\nclass {name}(StrEnum):\n    """{doc}"""\n\n{lines}\n'


def _upper(name: str) -> str:
    """A name of a class as the name of a constant.

    >>> _upper("IngestRun"), _upper("SystemII")
    ('INGEST_RUN', 'SYSTEM_II')
    """
    out = name[0]
    for before, here in pairwise(name):
        out += f"_{here}" if here.isupper() and not before.isupper() else here
    return out.upper()


def jsonld() -> str:
    """The JSON-LD context as a file."""
    return json.dumps(context(), indent=1, ensure_ascii=False) + "\n"


def page() -> str:
    """The reference page."""
    seen = world.load()
    parts = [
        "<!-- Made by `make docs`; edit the source, not this page. -->\n",
        "# Terms of the world\n",
        "All classes, relations and properties of [`ontology/world.ttl`](../../ontology/world.ttl); what they are for is in",
        "[the world model](../ontology.md).\n",
        "## The record, and who acts on it\n",
        _picture(seen),
        "## The decision loop\n",
        _loop(seen),
        "## Classes\n",
        _table(
            ("class", "kind of", "what", "source", "near", "named by"),
            [
                (f"`{c.name}`", _codes(c.above), c.definition, c.source, _codes(c.near), c.key or "")
                for c in seen.classes.values()
            ],
        ),
        "\n## Relations\n",
        _table(
            ("relation", "from", "to", "what", "source", "kind of"),
            [
                (f"`{r.name}`", _codes(r.domain), _codes(r.range), r.definition, r.source, _codes(r.above))
                for r in seen.relations.values()
            ],
        ),
        "\n## Properties\n",
        _table(
            ("property", "of", "type", "what", "source", "in an export"),
            [
                (
                    f"`{a.name}`",
                    _codes(a.domain),
                    a.datatype or "by its value",
                    a.definition,
                    a.source,
                    _goes(a),
                )
                for a in seen.attributes.values()
            ],
        ),
        "\n## Stations of a round\n",
        _table(
            ("station", "layers", "what"),
            [(f"`{s.code}`", _codes(s.layers), s.definition) for s in seen.stations],
        ),
    ]
    return "\n".join(parts) + "\n"


def _goes(attribute: world.Attribute) -> str:
    if attribute.internal:
        return "never"
    if attribute.identifying:
        return f"of {_codes(tuple(sorted(attribute.identifying)))} with identity only"
    if attribute.free_text:
        return f"of {_codes(tuple(sorted(attribute.free_text)))} with identity only"
    return "yes"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _codes(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{n}`" for n in names)


def _picture(seen: World) -> str:
    """Classes and the relations between them, as a Mermaid diagram; the five of the record stand out."""
    lines = ["```mermaid", "flowchart LR"]
    lines += [f"  {name}([{seen.classes[name].label}])" for name in _HUB]
    edges: dict[tuple[str, str], list[str]] = {}
    for relation in seen.relations.values():
        for a, b in [] if relation.name in _LEFT_OUT else product(relation.domain, relation.range):
            if b in relation.only.get(a, (b,)):
                edges.setdefault((a, b), []).append(relation.name)
    lines += [f"  {a} -->|{' '.join(names)}| {b}" for (a, b), names in sorted(edges.items())]
    lines += [
        f"  {c.name} -.-> {c.above[0]}"
        for c in seen.classes.values()
        if c.above[:1] and c.above[0] in seen.classes
    ]
    lines += [
        "  classDef hub fill:#dbeafe,stroke:#1d4ed8,color:#111827",
        f"  class {','.join(_HUB)} hub",
        "```\n",
    ]
    return "\n".join(lines)


def _loop(seen: World) -> str:
    names = {layer.code: layer.name for layer in seen.layers}
    lines = ["```mermaid", "flowchart LR"]
    lines += [f"  {layer.name}[{layer.code}]" for layer in seen.layers]
    lines += [f"  {layer.name} --> {names[code]}" for layer in seen.layers for code in layer.next]
    lines += [f"  {s.code}_station(({s.code})) -.- {names[code]}" for s in seen.stations for code in s.layers]
    return "\n".join(
        [
            *lines,
            "```\n",
            "Boxes are the seven anchoring layers and where the work goes next; circles are the stations at which facts stand.\n",
        ]
    )


FILES: dict[Path, Callable[[], str]] = {
    HERE / "terms.py": terms,
    HERE / "world.context.jsonld": jsonld,
    PAGE: page,
}


if __name__ == "__main__":
    for path, make in FILES.items():
        path.write_text(make(), encoding="utf-8")
