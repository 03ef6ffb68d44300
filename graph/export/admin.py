"""CSV files that Neo4j's own bulk importer reads: the whole record, faster into an empty database than through the driver.

What goes out is the record: resources, codes, the relationships between them, ingest runs and aliases. Agents,
predictions, cases, cohorts and snapshots are not in it. As of an instant, of a cohort or de-identified, it is that of a graph of
its own that holds no more.
"""

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from neo4j import time

from graph import server
from graph.connection import Graph
from graph.export.apart import apart
from graph.export.folder import filling
from graph.export.request import Request
from graph.progress import Progress, silent, told
from graph.settings import Settings
from ontology.errors import InvalidInputError, NotFoundError

ARRAY = "\x1e"
"""Between the items of a list: a character that no record holds."""
PAGE = 2000
_KINDS = {
    "STRING": "string", "INTEGER": "long", "FLOAT": "double", "BOOLEAN": "boolean", "ZONED DATETIME": "datetime",
    "DATE": "date", "LIST<STRING>": "string[]", "LIST<FLOAT>": "double[]", "LIST<INTEGER>": "long[]", "LIST<NOTHING>": "string[]",
}  # fmt: skip
_OPTIONS = (
    "--multiline-fields=true",
    "--ignore-empty-strings=false",
    "--legacy-style-quoting=false",
    "--array-delimiter=U+001E",
    "--id-type=string",
)


@dataclass
class _Files:
    """Open files by kind, each with its columns."""

    folder: Path
    stack: ExitStack
    columns: dict[tuple[str, bool], dict[str, str]]
    files: dict[tuple[str, bool], IO[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: {"nodes": 0, "relationships": 0})
    longest: int = 0
    """Characters of the longest cell, which the importer's buffer must hold."""

    def node(self, kind: str, id_: str, labels: Sequence[str], props: dict[str, Any]) -> None:
        """A line of a node."""
        self._line((kind, False), [id_, ARRAY.join(labels)], props)
        self.counts["nodes"] += 1

    def link(self, type_: str, a: str, b: str, props: dict[str, Any]) -> None:
        """A line of a relationship."""
        self._line((type_, True), [a, b], props)
        self.counts["relationships"] += 1

    def _line(self, of: tuple[str, bool], head: Sequence[str], props: dict[str, Any]) -> None:
        columns = self.columns.get(of, {})
        if of not in self.files:
            self.files[of] = self.stack.enter_context(self.path(of).open("w", encoding="utf-8", newline=""))
            ends = (":START_ID", ":END_ID") if of[1] else (":ID", ":LABEL")
            self.files[of].write(
                ",".join([*ends, *(f"{name}:{kind}" for name, kind in columns.items())]) + "\n"
            )
        cells = [*map(_cell, head), *(_cell(props.get(name)) for name in columns)]
        self.longest = max(self.longest, *map(len, cells))
        self.files[of].write(",".join(cells) + "\n")

    def path(self, of: tuple[str, bool]) -> Path:
        """The file of a kind of node or a type of relationship."""
        return self.folder / f"{'link' if of[1] else 'node'}-{of[0]}.csv"


def export(
    graph: Graph, out: Path, asked: Request | None = None, *, progress: Progress = silent
) -> dict[str, int]:
    """Write the record into the new folder ``out``: one file a kind of node and a type of relationship; how many of each.

    ``import.args`` in it holds the arguments of ``neo4j-admin``, one a line. Memory is flat.

    Raises:
        InvalidInputError: ``out`` is not empty, or a property has values of several types.
        GraphUnavailableError: it needs a private Neo4j of its own (see :mod:`graph.export.apart`), which cannot be started.
    """
    with filling(out) as folder:
        if asked is None or asked.plain:
            return _fill(graph, folder, progress)
        with apart(graph, asked, progress) as copy:
            return _fill(copy, folder, progress)


def _fill(graph: Graph, out: Path, progress: Progress) -> dict[str, int]:
    with ExitStack() as stack:
        files = _Files(out, stack, _columns(graph))
        for labels, props, links in told(_resources(graph), progress, Request().resources(graph)):
            kind = props.get("type") or "Dangling"
            files.node(kind, f"r:{props['key']}", labels, props)
            for type_, concept, end, own in links:
                files.link(type_, f"r:{props['key']}", f"{'c' if concept else 'r'}:{end}", own)
        for row in graph.stream("export.admin_others"):
            mark = {"Concept": "c", "IngestRun": "i", "Alias": "a"}[row["kind"]]
            files.node(row["kind"], f"{mark}:{row['key']}", row["labels"], row["props"])
            for type_, _, end, own in row["links"]:
                files.link(type_, f"c:{row['key']}", f"c:{end}", own)
        written = sorted(files.files)
    arguments = [
        (
            f"--relationships={kind}={files.path((kind, link)).name}"
            if link
            else f"--nodes={files.path((kind, link)).name}"
        )
        for kind, link in written
    ]
    buffer = f"--read-buffer-size={max(4, files.longest // 2**19 + 1)}m"
    (out / "import.args").write_text("\n".join([*_OPTIONS, buffer, *arguments]) + "\n", encoding="utf-8")
    return files.counts


def load(settings: Settings, source: Path) -> None:
    """Read what :func:`export` wrote into the private graph of ``settings``, which must be empty and at rest.

    Raises:
        NotFoundError: there is no folder ``source``.
        InvalidInputError: the graph is elsewhere, in use or not empty, or ``source`` holds no export.
        GraphUnavailableError: the importer failed.
    """
    elsewhere = "On another server, run neo4j-admin with the arguments in import.args."
    folder = settings.private("Such files go into a private graph only.", elsewhere)
    given = source / "import.args"
    if not source.exists():
        raise NotFoundError("There is no such folder.", got=source)
    if not given.is_file():
        raise InvalidInputError(
            "This folder holds no export for the importer.",
            got=source,
            do="Give the folder that `cwm graph export admin` wrote.",
        )
    if (folder / "neo4j" / "data" / "databases" / "neo4j").exists():
        raise InvalidInputError("The graph is not empty.", got=folder, do="Give a new CWM_HOME or CWM_GRAPH.")
    lines = given.read_text(encoding="utf-8").split("\n")[:-1]
    arguments = [_absolute(line, source.absolute()) for line in lines]
    with server.offline(settings, folder) as quiet:
        report = (
            quiet.plan.folder / "import.report"
        )  # else it lies where the command was given, with keys in it
        try:
            arguments += [f"--report-file={report}"]
            quiet.admin("The import", "database", "import", "full", "neo4j", *arguments, heap=settings.heap)
        finally:
            report.unlink(missing_ok=True)


def _absolute(argument: str, folder: Path) -> str:
    """The argument with the whole path of its file.

    >>> _absolute("--relationships=NEXT=link-NEXT.csv", Path("/x")), _absolute("--id-type=string", Path("/x"))
    ('--relationships=NEXT=/x/link-NEXT.csv', '--id-type=string')
    """
    return re.sub(r"=((?:node|link)-[^=]+\.csv)$", lambda m: f"={folder / m[1]}", argument)


def _columns(graph: Graph) -> dict[tuple[str, bool], dict[str, str]]:
    columns: dict[tuple[str, bool], dict[str, str]] = {}
    for row in graph.read("export.admin_columns"):
        own = columns.setdefault((row["kind"], row["link"]), {})
        if row["property"] is None:
            continue
        kinds = {_KINDS.get(type_, "") for type_ in row["types"] if type_ != "LIST<NOTHING>"} or {"string[]"}
        if len(kinds) != 1 or "" in kinds:
            raise InvalidInputError(
                f"The property {row['property']} of {row['kind']} has values that the importer cannot read.",
                got=", ".join(row["types"]),
                allowed=", ".join(_KINDS),
            )
        own[row["property"]] = kinds.pop()
    return columns


def _resources(graph: Graph) -> Iterator[list[Any]]:
    after: str | None = ""
    while after is not None:
        ((after, rows),) = graph.values("export.admin_nodes", after=after, size=PAGE)
        yield from rows


def _cell(value: Any) -> str:
    """A cell of CSV; nothing at all for null, which an empty text in quotes is not.

    >>> _cell(None), _cell(""), _cell('a"b'), _cell(True), _cell(["a", ""]) == f'"a{ARRAY}"'
    ('', '""', '"a""b"', 'true', True)
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value) if math.isfinite(value) else _odd(value)
        case int():
            return str(value)
        case list():
            return _quoted(ARRAY.join(item if isinstance(item, str) else _cell(item) for item in value))
        case time.DateTime() | time.Date():
            return value.iso_format()
    return _quoted(str(value))


def _odd(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
