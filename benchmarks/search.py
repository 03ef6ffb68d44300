"""How often a search finds the code that was meant among its first ten: full text, each encoder, and all together.

What people type and what they mean is ``benchmarks/search.yaml``. The graph is made for it, in a private Neo4j of its own: one
observation for each code that the demo's resources name, and the tree of ICD-10-CM. Run ``python -m benchmarks.search --write``.
"""

import argparse
import gzip
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from graph import Graph, Settings, open_graph, terminology
from graph import search as exact
from graph.ask import wilson
from graph.ingest import ingest
from graph.vectors import Encoder, like, module
from graph.vectors.embed import embed, models
from ontology.errors import InvalidInputError
from ontology.terminology import systems

HERE = Path(__file__).parent
DEMO = HERE.parent / "docs" / "demo" / "fhir"
PAGE = HERE.parent / "docs" / "benchmarks.md"
TITLE = "## Finding codes"
FIRST = 10
PREFIXES = {"icd": "icd-10-cm", "sct": "snomed-ct", "loinc": "loinc", "rx": "rxnorm"}
ORDERS = (
    ("words",),
    ("nearly",),
    ("letters",),
    ("meaning",),
    ("words", "letters"),
    ("words", "letters", "meaning"),
)

Keys = list[str]


def questions() -> Iterator[tuple[str, str, set[str]]]:
    """Kind, what is typed, and the keys of the codes that are meant."""
    for kind, asked in yaml.safe_load((HERE / "search.yaml").read_text(encoding="utf-8")).items():
        for text, codes in asked.items():
            yield kind, str(text), {key(code) for code in codes}


def key(code: str) -> str:
    """``system|code`` of a code with its short prefix."""
    prefix, _, rest = code.partition(":")
    return f"{systems()[PREFIXES[prefix]].uri}|{rest}"


def orders(graph: Graph) -> dict[str, Callable[[str], Keys]]:
    """Each search by itself: the keys that it gives, the best first."""

    def by(phrase: Callable[[str], str]) -> Callable[[str], Keys]:
        def ask(text: str) -> Keys:
            rows = graph.read("search.code_words", text=phrase(text), limit=like.POOL)
            return [row["key"] for row in rows]

        return ask

    def near(name: str, encoder: Encoder) -> Callable[[str], Keys]:
        return lambda text: like.near(graph, "code", name, encoder.encode([text]))

    found = {"words": by(exact.words), "nearly": by(like.nearly)}
    for row in models(graph):
        encoder = module(row["encoder"]).load(graph.settings, row["model"])
        found[row["encoder"]] = near(row["encoder"], encoder)
    return found


def demo_codes(target: Path) -> Path:
    """One observation for each code of the demo, with its name."""
    found: dict[tuple[str, str], str] = {}
    for path in sorted(DEMO.rglob("*.ndjson.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                for coding in codings(json.loads(line)):
                    found.setdefault((coding["system"], coding["code"]), coding["display"])
    start = {"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/p"}}
    with target.open("w", encoding="utf-8") as out:
        print(json.dumps({"resourceType": "Patient", "id": "p"}), file=out)
        for n, ((system, code), display) in enumerate(sorted(found.items())):
            coding = {"system": system, "code": code, "display": display}
            print(json.dumps(start | {"id": f"o{n}", "code": {"coding": [coding]}}), file=out)
    return target


def codings(here: Any) -> Iterator[dict[str, str]]:
    """Every Coding with a name that is somewhere in a resource."""
    if isinstance(here, dict):
        if {"system", "code", "display"} <= here.keys():
            yield here
        for value in here.values():
            yield from codings(value)
    elif isinstance(here, list):
        for value in here:
            yield from codings(value)


def measure(graph: Graph) -> tuple[dict[str, dict[tuple[str, ...], list[bool]]], dict[str, list[float]]]:
    """By kind and combination, whether each question was answered; milliseconds of each search, and of all in one."""
    searches = orders(graph)
    there = {row["key"] for row in graph.read("vectors.codes", encoder="letters")}
    hits: dict[str, dict[tuple[str, ...], list[bool]]] = {}
    times: dict[str, list[float]] = {name: [] for name in [*searches, "all together"]}
    for kind, text, meant in questions():
        if not meant & there:
            raise InvalidInputError("The graph has none of the codes that are meant.", got=f"{kind}: {text}")
        given: dict[str, Keys] = {}
        for name, search in searches.items():
            begun = time.perf_counter()
            given[name] = search(text)
            times[name].append((time.perf_counter() - begun) * 1000)
        begun = time.perf_counter()
        like.codes(graph, text)
        times["all together"].append((time.perf_counter() - begun) * 1000)
        for names in ORDERS:
            if set(names) <= set(searches):
                first = like.fuse({name: given[name] for name in names})[:FIRST]
                for group in (kind, "all"):
                    hits.setdefault(group, {}).setdefault(names, []).append(bool(meant & set(first)))
    return hits, times


def main() -> None:
    """Measure, print JSON, and with ``--write`` put the tables into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    parser.add_argument("--home", type=Path, help="keep the graph here; a run that was broken off goes on")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = arguments.home or Path(folder)
        with open_graph(Settings(home=home, grace=0)) as graph:
            if not models(graph):
                ingest(graph, [demo_codes(Path(folder) / "codes.ndjson")])
                terminology.load(graph)
            print(json.dumps(embed(graph).as_dict()), flush=True)
            hits, times = measure(graph)
            codes = len(graph.read("vectors.codes", encoder="letters"))
    found = {k: {"+".join(n): (sum(v), len(v)) for n, v in by.items()} for k, by in hits.items()}
    print(
        json.dumps(
            {"codes": codes, "found": found, "ms": {k: statistics.median(v) for k, v in times.items()}}
        )
    )
    if arguments.write:
        write(page(codes, hits, times))


def page(
    codes: int, hits: dict[str, dict[tuple[str, ...], list[bool]]], times: dict[str, list[float]]
) -> str:
    """The section of docs/benchmarks.md."""
    names = list(hits["all"])
    lines = [
        TITLE,
        "",
        f"`python -m benchmarks.search --write`: {len(hits['all'][names[0]])} questions of `benchmarks/search.yaml`, written",
        f"before any was asked, over {codes:,} names: the demo's codes and the tree of ICD-10-CM. Share of questions with a code",
        f"that was meant among the first {FIRST} (recall@{FIRST}), with Wilson's interval at 95 %. `words` is the",
        "search without `--like`; `nearly` is the same index by words with a letter or two off; `+` is reciprocal rank fusion.",
        "",
        "| kind | n | " + " | ".join(" + ".join(n) for n in names) + " |",
        "|---|---|" + "---|" * len(names),
    ]
    for kind, by in hits.items():
        cells = []
        for n in names:
            rate, low, high = wilson(sum(by[n]), len(by[n]))
            cells.append(f"{rate:.0%} ({low:.0%}-{high:.0%})")
        lines.append(f"| {kind} | {len(by[names[0]])} | " + " | ".join(cells) + " |")
    lines += ["", "| search | median ms | p95 ms |", "|---|---|---|"]
    for name, values in times.items():
        p95 = statistics.quantiles(values, n=20)[-1]
        lines.append(f"| {name} | {statistics.median(values):.0f} | {p95:.0f} |")
    lines += ["", f"{os.cpu_count()} CPUs, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"]
    return "\n".join(lines) + "\n"


def write(text: str) -> None:
    """Put the section in place of the one that is there, or at the end."""
    old = PAGE.read_text(encoding="utf-8")
    before, _, rest = old.partition(f"{TITLE}\n")
    after = rest[rest.index("\n## ") + 1 :] if "\n## " in rest else ""
    PAGE.write_text(before.rstrip() + "\n\n" + text + (f"\n{after}" if after else ""), encoding="utf-8")


if __name__ == "__main__":
    main()
