"""The demo: load the journeys, train and evaluate the twin, predict, file the case that the evaluation found.

Each step remembers, in ``CWM_HOME/demo.json``, the hash of what it was made from and what it left; a step whose inputs
are the same and whose result is still there is not done again.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from cli import output
from graph import Graph
from graph.settings import Settings
from ontology.errors import NotFoundError

ROOT = Path(__file__).parents[1]
DATA = ROOT / "docs" / "demo" / "fhir"
TASK = "admission-365d"
PREDICTED = 12
"""Patients for whom both agents predict; the rest wait until somebody asks."""
FILER = "cwm demo"

Result = dict[str, Any]


def digest(files: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of files, in the order of their names."""
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def code() -> str:
    """What the twin and its evidence are made by: the sources of the packages that take part."""
    parts = [path for name in ("twin", "skillmix", "mcare") for path in (ROOT / name).rglob("*")]
    return digest(p for p in parts if p.suffix in {".py", ".yaml"})


@dataclass
class Memory:
    """What earlier runs of the demo have done, in one file."""

    path: Path
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> "Memory":
        """The memory of a home; empty when there is none or it cannot be read."""
        path = settings.home / "demo.json"
        try:
            return cls(path, orjson.loads(path.read_bytes()))
        except (FileNotFoundError, orjson.JSONDecodeError):
            return cls(path)

    def recall(self, step: str, inputs: str) -> Result | None:
        """What the step left when it last ran on the same inputs."""
        kept = self.steps.get(step)
        return kept["result"] if kept and kept["inputs"] == inputs else None

    def keep(self, step: str, inputs: str, result: Result) -> None:
        """Remember, at once: an interrupted demo goes on from here."""
        self.steps[step] = {"inputs": inputs, "result": result}
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # It names patients by their ids: only its owner may read it. A whole file takes the place of the old one.
        fresh = self.path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(orjson.dumps(self.steps, option=orjson.OPT_INDENT_2))
        fresh.replace(self.path)


@dataclass
class Demo:
    """One run of the demo on a graph."""

    graph: Graph
    memory: Memory
    data: Path = DATA
    quiet: bool = False
    done: list[str] = field(default_factory=list)
    """Steps that had to be done in this run."""

    def run(self) -> Result:
        """Every step in turn; returns what each left."""
        if not self.data.is_dir():
            raise NotFoundError(
                "The demo data are not there.", got=self.data, do="Run it in a checkout, or give --data."
            )
        files = digest(self.data.rglob("*.gz"))
        loaded = self._step("ingest", "Loading the demo journeys", files, self._ingest, self._loaded)
        made_by = f"{loaded['run']} {code()}"
        twin = self._step("twin", "Training and evaluating the twin", made_by, self._twin, self._trained)
        results = " ".join(twin["artefacts"])
        predicted = self._step(
            "predict", "Predicting", results, lambda step: self._predict(twin, step), self._predicted
        )
        case = self._step("case", "Filing what the evaluation found", results, self._case, self._filed)
        return {"loaded": loaded, "twin": twin, "predicted": predicted, "case": case, "done": self.done}

    def _step(
        self,
        name: str,
        title: str,
        inputs: str,
        work: Callable[[output.Step], Result],
        stands: Callable[[Result], bool],
    ) -> Result:
        kept = self.memory.recall(name, inputs)
        if kept is not None and stands(kept):
            self._say("✓", "green", f"{title}: done before, nothing changed")
            return kept
        with output.progress(title, quiet=self.quiet) as step:
            self._say("·", "bold", title)
            result = work(
                lambda done, total=None, what=None: step(done, total, f"{title}: {what}" if what else title)
            )
        self.memory.keep(name, inputs, result)
        self.done.append(name)
        self._say("✓", "green", result["said"])
        return result

    def _say(self, mark: str, style: str, text: str) -> None:
        if not self.quiet:
            output.err.print(output.styled((mark, style), f" {text}"))

    def _standing(self, **asked: Any) -> Result:
        return self.graph.read("demo.standing", **{"run": "", "predictions": [], "case": "", **asked})[0]

    def _ingest(self, step: output.Step) -> Result:
        from graph.ingest import ingest

        report = ingest(self.graph, [self.data], progress=step)
        said = (
            f"Read {report.read:,} resources: {report.written:,} written, {report.unchanged:,} there already"
        )
        said += f", {report.set_aside:,} set aside (see {report.set_aside_file})" if report.set_aside else ""
        return {"run": report.run, "read": report.read, "set_aside": report.set_aside, "said": said}

    def _loaded(self, result: Result) -> bool:
        return bool(self._standing(run=result["run"])["loaded"])

    def _twin(self, step: output.Step) -> Result:
        from twin import agents, service
        from twin.tasks import task

        data = service.gather(self.graph, task(TASK), step)
        cards = service.train(self.graph, TASK, data=data, progress=step)
        reports = service.evaluate(self.graph, TASK, data=data, progress=step)
        twin = reports["twin"]
        return {
            "versions": [card.version for card in cards.values()],
            "artefacts": [agents.artefact(report) for report in reports.values()],
            "auroc": str(twin.models[0].statistics["auroc"]),
            "n": twin.n,
            "events": twin.events,
            "patients": sorted(data.rows["patient"].to_list())[:PREDICTED],
            "said": f"Twin for {TASK}: AUROC {twin.models[0].statistics['auroc']}, held out, n {twin.n}, {twin.events} events",
        }

    def _trained(self, result: Result) -> bool:
        folder = self.graph.settings.home / "twin" / TASK
        return all((folder / version).is_dir() for version in result["versions"])

    def _predict(self, twin: Result, step: output.Step) -> Result:
        from twin import service

        made = []
        for number, patient in enumerate(twin["patients"]):
            step(number, len(twin["patients"]), patient)
            made += [service.predict(self.graph, TASK, patient, role=role) for role in service.ROLES]
        released = sum(p.released for p in made)
        withheld = len(made) - released
        said = f"{len(made)} predictions for {len(twin['patients'])} patients: {released} released, {withheld} withheld"
        shown = next((p for p in made if p.released), made[0])
        return {"ids": [p.id for p in made], "patient": shown.patient, "prediction": shown.id, "said": said}

    def _predicted(self, result: Result) -> bool:
        return bool(self._standing(predictions=result["ids"])["predictions"] == len(result["ids"]))

    def _case(self, _: output.Step) -> Result:
        from cli.demo_case import found
        from mcare import registry

        report = found(self.graph, TASK)
        if report is None:
            return {
                "case": None,
                "said": "The evaluation found no group that is miscalibrated, so no case was filed",
            }
        filed = registry.file(self.graph, report, by=FILER)
        return {"case": filed, "title": report.title, "said": f"Filed {filed}: {report.title}"}

    def _filed(self, result: Result) -> bool:
        return result["case"] is None or bool(self._standing(case=result["case"])["filed"])
