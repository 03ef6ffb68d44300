"""Generated pages of the decision loop's rules and of the competency questions, from the files that define them."""

from typing import Any

import yaml

from graph.ask import AUDIENCES, columns, example, questions
from graph.queries import HERE
from ontology import loop

TITLES = {"clinician": "Clinicians", "researcher": "Researchers", "safety": "Safety teams"}


_THING = {"prediction": "the prediction", "because": "a fact that it rests on"}


def _cell(value: Any) -> str:
    text = (
        ""
        if value is None
        else yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("\n...\n")
    )
    return " ".join((value if isinstance(value, str) else text).split()).replace("|", "\\|")


def rules_page() -> str:
    """Every rule of the decision loop: whose it is, and why."""
    parts = [
        "# Rules of the decision loop\n",
        "How they work: [the decision loop](../decision-loop.md). *paper* means that the source names this element at this "
        "station; that a FHIR resource shows the element is our reading in every case. *ours* is a choice of this project.\n",
        "| station | anchoring layers | what |\n|---|---|---|",
        *(f"| {s.name} | {', '.join(s.layers)} | {_cell(s.definition)} |" for s in loop.stations()),
    ]
    for sheet in loop.sheets():
        parts += [f"\n## {sheet.actor.capitalize()}: {sheet.station}\n", f"{sheet.summary}\n"]
        parts += ["| rule | places | where | basis | why |\n|---|---|---|---|---|"]
        parts += [
            f"| `{r.name}` | {', '.join(r.types)} | {_conditions(r)} | {r.basis} | {_cell(r.why)} |"
            for r in sheet.rules
        ]
    parts += ["\n## AI agent\n", "One prediction is one round. All of these are ours.\n"]
    parts += ["| rule | station | places | why |\n|---|---|---|---|"]
    parts += [
        f"| `{r.name}` | {r.station} | {_THING[r.of]}, `{r.field}` {r.holds} | {_cell(r.why)} |"
        for r in loop.agent_rules()
    ]
    parts += [
        "\n## Left out\n",
        "These have no place in the loop and are counted apart. Ours.\n",
        "| what | why |\n|---|---|",
    ]
    left = loop.outside()
    parts += [f"| {name} | {_cell(why)} |" for name, why in left.types.items()]
    parts += [f"| status `{name}` | {_cell(why)} |" for name, why in left.status.items()]
    return "\n".join(parts) + "\n"


def _conditions(rule: loop.Rule) -> str:
    said = [f"category {', '.join(f'`{c}`' for c in rule.category)}"] if rule.category else []
    said += [f"one of {len(rule.codes)} codes"] if rule.codes else []
    said += [f"`{path}` one of {len(codes)} codes" for path, codes in rule.coded.items()]
    said += [f"`{name}` {', '.join(f'`{v}`' for v in values)}" for name, values in rule.fields.items()]
    said += [f"no {name}" for name in rule.without]
    said += [f"not placed by {', '.join(f'`{name}`' for name in rule.unless)}"] if rule.unless else []
    return "; ".join(said) or "all"


def questions_page() -> str:
    """Every question with its parameters and its tested answer on the small clinic."""
    parts = [
        "# Questions\n",
        "What they are and how to ask them: [competency questions](../questions.md). Each answer is the one that the tests "
        "expect on the small clinic of [clinic.ndjson](../questions/clinic.ndjson), with the parameters shown; the twin in "
        "SPARQL, over the RDF of that graph, gives the same.\n",
    ]
    for audience in AUDIENCES:
        parts += [f"\n## {TITLES[audience]}\n"]
        for name, chosen in questions().items():
            if chosen.audience == audience:
                parts += [f"\n### {name}\n", f"{chosen.summary}\n", f"```sh\n{example(chosen)}\n```\n"]
                if chosen.params:
                    parts += ["| takes | type | what |\n|---|---|---|"]
                    parts += [
                        f"| `{k}` | {p.type}{' or nothing' if p.optional else ''} | {_cell(p.doc)} |"
                        for k, p in chosen.params.items()
                    ]
                    parts += [""]
                parts += [
                    "| gives | what |\n|---|---|",
                    *(f"| `{k}` | {_cell(v)} |" for k, v in columns(chosen).items()),
                    "",
                ]
                parts += [_answer(name)]
    return "\n".join(parts).rstrip() + "\n"


def _answer(name: str) -> str:
    rows = yaml.safe_load((HERE / "ask" / f"{name}.yaml").read_text(encoding="utf-8"))["answer"]
    names = list(rows[0])
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(_cell(row[n]) for n in names)} |" for row in rows]
    return "Answer:\n\n" + "\n".join(lines) + "\n"
