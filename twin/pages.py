"""The pages docs/twin-tasks.md and docs/twin-features.md, made from the tasks, feature sets and scores.

``python -m twin.pages`` writes them; a test says when they are out of date.
"""

from collections.abc import Callable
from pathlib import Path

from twin import spans
from twin.cohort import RULES
from twin.features import Feature, Numeric, Own, columns, feature_sets
from twin.features.triples import relations
from twin.scores import scores
from twin.tasks import Task, tasks

FOLDER = Path(__file__).parents[1] / "docs"
MADE = "<!-- Made by `make docs`; edit the YAML or twin/pages.py, not this page. -->\n"
BAR = "\\|"
"""A bar inside a cell of a table."""
PICKS = {
    "first": "the first qualifying encounter",
    "first-after-hashed-day": "the first qualifying encounter on or after a day that a hash of the patient's key draws",
}
TASKS = """# The twin's tasks

A task is one YAML file in `twin/tasks/`, checked when it is loaded: who is in it, when the prediction is
made, what is predicted, who is left out and why, and where it stands in the Skill-Mix. `cwm twin tasks`
lists them.

## How an index is chosen

One index a patient, and nothing after it may have a part in the choice. The obvious way, to draw at random
among all qualifying encounters, does look ahead: whoever dies early has fewer encounters to draw from, so
the drawn one lies nearer to the death. So a *day* is drawn instead, by a hash of the patient's key, and the
index is the first qualifying encounter from that day on. What is recorded later cannot move it (a property
test adds later encounters and a death). One thing about the future does count: a task with a horizon takes
an index only when the horizon ends before the record does.

The end of the record is a property of the data and never the clock: the latest instant recorded over the
encounters of all patients who have a qualifying encounter in the window. Patients of other data sets in the
same graph (whose years may lie in another century) do not move it. A date typed wrong could; then declare
the end in the task.

## How a prediction for another moment is made

`twin.dataset.build(graph, task, patients=[...], at=...)` runs the same code for any moment. Features hold
what was known then. The encounter is the task's index encounter if its moment has come and is no older than
the task allows; else it is the latest encounter known, `rows.fits` is false and `rows.unfit` says why, and
the gate can act on it. The outcome is not looked up.

## What keeps the future out

- Features, scores and triples read `graph.journey.facts` only, which hides what was not known at the index
  and the closing fields of what was still open.
- Outcome, death and the end of follow-up are read by `twin/people.py` and `twin/cohort.py`, which make no
  feature.
- The status of an order (`MedicationRequest.status`) is not read at all: in an export it is the status on
  the day of the export.
- Sex, birth and place of the index encounter are taken as known from the start; only the first place of an
  encounter is read.
- Tests on a real graph add facts that arrive late, change how stays ended and add deaths: not one feature,
  point or triple may change.
"""
FEATURES = """# The twin's features, scores and triples

Features are YAML in `twin/features/sets/`. What was known at the index to be entered in error or refuted does not count, as
in [cohorts](cohorts.md); in training, an encounter in error is neither an index nor an outcome. Nothing is imputed:
a statistic of no value is missing (null), a count of nothing is 0. A value counts when its unit is one of those
listed (converted by a factor where one is given) and it lies in the plausible range; what is left out is counted in
`Dataset.rejected`. Plausible ranges, code lists and windows are ours unless a source is named. 'lookback' is the
task's own window before the index. A slope is by least squares, in units a day, and needs values that span at least
a tenth of the lookback. With `because=True` the keys of the facts behind every feature come along: for last, first,
least and greatest the one fact, for the others every fact that counted.
"""


def tasks_page() -> str:
    """docs/twin-tasks.md."""
    return "\n".join([MADE, TASKS, *(_task(t) for t in tasks().values())])


def features_page() -> str:
    """docs/twin-features.md."""
    parts = [MADE, FEATURES]
    for found in feature_sets().values():
        rows = [f"| {_names(f)} | {f.label} | {_what(f)} |" for f in found.features]
        parts += [
            f"## {found.name}\n\n{found.about.strip()}\n\n| columns | what | how |\n|---|---|---|",
            *rows,
            "",
        ]
    parts.append("## Published scores\n")
    for name, score in scores().items():
        said = score.definition
        low, high = said.range
        parts.append(
            f"### {name}: {said.title}\n\nPoints {low} to {high}. Source: {said.source.strip()}\n\n"
            f"Ours: {said.ours.strip()} The table is `twin/scores/{name}.yaml`, with examples that are its test.\n"
        )
    return "\n".join([*parts, _triples()])


def _task(task: Task) -> str:
    index = task.index
    span = spans.text(index.spread)
    window = f", days drawn from {index.first_day} on over {span}" if index.first_day else ""
    codes = ", ".join(f"`{c}`" for c in index.encounters.codes) or "any"
    horizon = spans.text(task.horizon) if task.horizon else "to the end of the index encounter"
    rows = {
        "question": task.question,
        "population": f"{task.population} Least age {task.least_age}.",
        "qualifying encounters": f"class {', '.join(index.encounters.classes)}; type {codes}",
        "index": f"{PICKS[index.pick]}{window}; the moment is its {index.anchor} + {spans.text(index.offset)}",
        "lookback": spans.text(task.lookback),
        "horizon": horizon,
        "outcome": task.outcome.label,
        "valid for": f"predictions up to {spans.text(index.valid_for)} after the index",
        "death": task.death.strip(),
        "censoring": task.censoring.strip(),
        "results by": ", ".join(task.subgroups),
        "features": ", ".join(task.features),
        "published score": ", ".join(task.scores),
        "data": f"{task.data.name}: {task.data.description} End of the record: {task.data.end}.",
    }
    table = "\n".join(f"| {name} | {text.replace('|', BAR)} |" for name, text in rows.items())
    out = "\n".join(f"- {RULES[e.rule][0]}: {e.why}" for e in task.exclusions)
    place = "\n".join(f"| {d.replace('_', ' ')} | {v} |" for d, v in task.coordinate.items())
    biases = "\n".join(f"- {b}" for b in task.biases)
    return (
        f"## {task.name}: {task.title}\n\n| | |\n|---|---|\n{table}\n\nWho stays, step by step, and why:\n\n{out}\n\n"
        f"Known biases:\n\n{biases}\n\nPlace in the Skill-Mix ('unknown' where the data do not tell):\n\n"
        f"| dimension | value |\n|---|---|\n{place}\n"
    )


def _names(feature: Feature) -> str:
    names = columns(feature)
    if len(names) == 1:
        return f"`{names[0]}`"
    return f"`{feature.name}_` + " + ", ".join(n.removeprefix(f"{feature.name}_") for n in names)


def _what(feature: Feature) -> str:
    if isinstance(feature, Own):
        return feature.column if feature.equals is None else f"{feature.column} is '{feature.equals}'"
    window = (
        "ever" if feature.within == "ever" else spans.text(feature.within) if feature.within else "lookback"
    )
    if isinstance(feature, Numeric):
        codes = ", ".join(c for values in feature.codes.values() for c in values)
        low, high = feature.plausible
        return f"LOINC {codes}; {_units(feature)}; plausible {low:g} to {high:g}; {window}"
    where = feature.where
    chosen = [*where.types, *(f"class {c}" for c in where.classes), *(t.split("|")[1] for t in where.tokens)]
    kind = {
        "count": "number",
        "has": "present",
        "active": "number not known to have ended",
        "since": "days since",
    }
    distinct = " of different codes" if feature.kind == "count" and feature.distinct else ""
    return f"{kind[feature.kind]}{distinct}; {', '.join(chosen)}; {window}"


def _units(feature: Numeric) -> str:
    return " or ".join(u if f == 1 else f"{u} x {f:g}" for u, f in feature.units.items())


def _triples() -> str:
    found = relations()
    types = "\n".join(f"| {kind} | `{relation}` | its codes |" for kind, relation in found.relations.items())
    levels = "\n".join(
        f"| {f.code.split('|')[1]} | {', '.join(f.units)} | {' < '.join(f'{c:g}' for c in f.cuts)} | {', '.join(f.levels)} |"
        for f in found.findings
    )
    return (
        "## Triples\n\nWhat was known before the index as (patient, relation, concept), for embeddings: "
        "`twin/features/triples.yaml`. The cuts are ours.\n\n"
        f"| from | relation | concept |\n|---|---|---|\n{types}\n| Encounter | `visited` | its class |\n"
        "| index encounter | `stayed_at` | its first place |\n"
        "| Observation | `had_finding` | code and level, every level reached |\n\n"
        f"| LOINC | unit | cuts | levels |\n|---|---|---|---|\n{levels}\n"
    )


PAGES: dict[str, Callable[[], str]] = {"twin-tasks.md": tasks_page, "twin-features.md": features_page}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (FOLDER / page).write_text(make(), encoding="utf-8")
