"""Check resources as they are read, write what is found, and set aside what fails when that is asked for."""

import itertools
import multiprocessing
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final, Literal, Self

import orjson

from graph.check import structure
from graph.check.outcome import Finding, outcome
from graph.fhir import version
from graph.fhir.read_items import Found, Item, Refused
from graph.lines import Lines

Level = Literal["structure", "full"]
LEVELS: Final = ("structure", "full")
CHUNK = 400
"""Resources that one process is given at a time."""

Job = list[tuple[bytes, str | None]]


class Inspector:
    """Looks at every resource that passes; ``with`` it, since it may hold processes and a file.

    ``level`` is ``structure`` (here, fast) or ``full`` (that, and the models of `fhir.resources` in ``workers``
    processes). ``fhir`` is the version of FHIR where a resource does not say. With ``strict`` a resource with an error is
    given on as refused. The findings go to ``out``, one OperationOutcome a line, readable by their owner only.
    """

    def __init__(
        self,
        level: Level,
        out: Path,
        *,
        fhir: str | None = None,
        strict: bool = False,
        workers: int | None = None,
    ) -> None:
        self.level, self.out, self.fhir, self.strict = level, out, fhir, strict
        self.checked = 0
        self.severities: Counter[str] = Counter()
        self.sample: list[dict[str, str]] = []
        """The first findings: ``place, severity, expression, words``."""
        self._workers = workers or min(os.cpu_count() or 1, 8)
        self._pool: ProcessPoolExecutor | None = None
        self._lines = Lines(out)

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items again, in their order; those that fail are refused when ``strict``."""
        if self.level == "structure":
            for item in items:
                yield self._judge(item, look(item.raw, self.fhir)) if isinstance(item, Found) else item
        else:
            yield from self._spread(iter(items))

    def _spread(self, items: Iterator[Item]) -> Iterator[Item]:
        """Chunks go to the processes, a few ahead of the one that is waited for, so that memory stays flat."""
        pool = self._start()
        waiting: deque[tuple[list[Item], Future[list[list[Finding]]]]] = deque()
        while chunk := list(itertools.islice(items, CHUNK)):
            job: Job = [(item.raw, self.fhir) for item in chunk if isinstance(item, Found)]
            waiting.append((chunk, pool.submit(look_full, job)))
            if len(waiting) > 2 * self._workers:
                yield from self._done(*waiting.popleft())
        while waiting:
            yield from self._done(*waiting.popleft())

    def _done(self, chunk: list[Item], answer: "Future[list[list[Finding]]]") -> Iterator[Item]:
        findings = iter(answer.result())
        for item in chunk:
            yield self._judge(item, next(findings)) if isinstance(item, Found) else item

    def _judge(self, item: Found, findings: list[Finding]) -> Item:
        self.checked += 1
        if not findings:
            return item
        place = Refused(item.source, item.line, "", "", entry=item.entry).place
        self.severities.update(finding.severity for finding in findings)
        self._write(outcome(findings, place))
        room = 20 - len(self.sample)
        self.sample += [
            {"place": place, "severity": f.severity, "expression": f.expression, "words": f.words}
            for f in findings[:room]
        ]
        errors = sum(finding.severity == "error" for finding in findings)
        if not (self.strict and errors):
            return item
        message = f"the check found {errors} error{'s' if errors > 1 else ''}"
        return Refused(item.source, item.line, "failed-check", message, item.raw, item.entry, item.url)

    def _write(self, said: dict[str, Any]) -> None:
        self._lines.add(orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE))

    def _start(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Not fork: this process has threads that hold locks.
            self._pool = ProcessPoolExecutor(self._workers, multiprocessing.get_context("spawn"))
        return self._pool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._lines.close()


def look(raw: bytes, fhir: str | None) -> list[Finding]:
    """The structure check of a text; what cannot be read at all has no findings, since it is refused anyway."""
    try:
        resource = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(resource, dict):
        return []
    return structure.check(resource, version.of(resource, fhir))


def look_full(job: Job) -> list[list[Finding]]:
    """Both checks of several texts; runs in a process of its own."""
    from graph.check import full

    answers = []
    for raw, fhir in job:
        findings = look(raw, fhir)
        said = {finding.expression for finding in findings}
        try:
            resource = orjson.loads(raw)
            more = full.check(resource, version.of(resource, fhir)) if isinstance(resource, dict) else []
        except orjson.JSONDecodeError:
            more = []
        answers.append([*findings, *(finding for finding in more if finding.expression not in said)])
    return answers
