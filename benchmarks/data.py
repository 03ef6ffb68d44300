"""Take sets of FHIR files into one graph, one after the other, and say what came of each (docs/data.md).

Run: CWM_HOME=/tmp/measured python -m benchmarks.data SET_FOLDER... [--no-compare]
Each folder is ingested, and then ingested again is not; at the end every resource is compared with its input, and every
reference that dangles is looked for in the inputs by code that shares nothing with the ingest.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from graph import Graph, open_graph
from graph.digest import digest
from graph.export.compare import compare
from graph.fhir.read import Found, read
from graph.ingest import ingest


def names(resource: dict[str, Any], url: str | None) -> Iterator[str]:
    """All names under which a reference may mean a resource."""
    yield f"{resource['resourceType']}/{resource.get('id')}"
    if url:
        yield url
    for identifier in resource.get("identifier") or []:
        if isinstance(identifier, dict) and identifier.get("value"):
            yield f"{resource['resourceType']}?identifier={identifier.get('system', '')}|{identifier['value']}"


def unresolved(graph: Graph, folder: str) -> int:
    """How many targets that dangle in the graph are in the set after all."""
    missing = {row["target"] for row in graph.read("ingest.dangling", rows=1_000_000)}
    if not missing:
        return 0
    found = set()
    for item in read([folder], graph.settings.line_limit):
        if isinstance(item, Found):
            found.update(missing.intersection(names(orjson.loads(item.raw), item.url)))
    return len(found)


def main() -> None:
    """Ingest, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--no-compare", action="store_true")
    given = parser.parse_args()
    with open_graph() as graph:
        for folder in given.folders:
            report = ingest(graph, [folder])
            balanced = report.read == report.written + report.unchanged + report.set_aside
            print(
                {"set": Path(folder).name, "balanced": balanced}
                | report.as_dict()
                | {"set_aside_sample": None},
                flush=True,
            )
        for folder in given.folders:
            print(Path(folder).name, "targets in the set that dangle:", unresolved(graph, folder), flush=True)
            if not given.no_compare:
                print(Path(folder).name, compare(graph, [folder]), flush=True)
        began = time.monotonic()
        print("digest", digest(graph), round(time.monotonic() - began), "s", flush=True)


if __name__ == "__main__":
    main()
