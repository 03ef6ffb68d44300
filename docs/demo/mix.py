"""Whom the demo is about: people with a diagnosis that often leads to hospital, and people without a long-term one.

A case mix as it comes from Synthea has few admissions, most of them accidents that nobody can foresee; 250 such patients
show nothing of a predictor. Only what is known before the first index of the twin's task decides, and never its outcome.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median

import orjson
from selection import Resource, code, when

SEED = "20260101"
FROM, TO = "2022-01-01", "2023-01-01"
"""The year that decides; the first index of the task comes after it."""
OFTEN, SELDOM = 150, 115

OFTEN_ADMITTED = {
    "6525002": "Dependent drug abuse",
    "124171000119105": "Chronic intractable migraine without aura",
    "433144002": "Chronic kidney disease stage 3",
    "431857002": "Chronic kidney disease stage 4",
    "46177005": "End-stage renal disease",
    "698306007": "Awaiting transplantation of kidney",
    "88805009": "Chronic congestive heart failure",
    "126906006": "Neoplasm of prostate",
    "92691004": "Carcinoma in situ of prostate",
    "254837009": "Malignant neoplasm of breast",
    "254637007": "Non-small cell lung cancer",
    "424132000": "Non-small cell carcinoma of lung, stage 1",
    "109838007": "Overlapping malignant neoplasm of colon",
    "93761005": "Primary malignant neoplasm of colon",
}
LONG_TERM = {
    *OFTEN_ADMITTED,
    "431855005", "431856006", "44054006", "127013003", "90781000119102", "157141000119108",  # kidney and diabetes
    "399211009", "401303003", "401314000", "237602007", "80394007",  # heart and metabolism
    "82423001", "66383009", "196416002", "10939881000119105",  # chronic pain, teeth, alcohol
}  # fmt: skip


@dataclass(frozen=True)
class Before:
    """What is known of a patient before the first index."""

    file: Path
    diagnoses: frozenset[str]
    visits: int

    @property
    def draw(self) -> str:
        """A number that looks random and belongs to the patient's id: the order in which patients are drawn."""
        return sha256(f"{SEED}:{self.file.stem[-36:]}".encode()).hexdigest()


def before(file: Path) -> Before:
    """Diagnoses that hold at the end of the deciding year, and the visits in it."""
    resources: list[Resource] = [entry["resource"] for entry in orjson.loads(file.read_bytes())["entry"]]
    holding = {
        code(r)
        for r in resources
        if r["resourceType"] == "Condition" and when(r) < TO and not r.get("abatementDateTime", TO) < TO
    }
    visits = sum(FROM <= when(r) < TO for r in resources if r["resourceType"] == "Encounter")
    return Before(file, frozenset(holding), visits)


def drawn(people: Iterable[Before], number: int) -> list[Before]:
    """So many of them, in the order of their draw."""
    return sorted(people, key=lambda one: one.draw)[:number]


def case_mix(files: Iterable[Path]) -> list[Path]:
    """The files of the chosen patients, in the order of their ids."""
    seen = [one for one in map(before, files) if one.visits]
    usual = median(one.visits for one in seen)
    often = [one for one in seen if one.diagnoses & OFTEN_ADMITTED.keys()]
    seldom = [one for one in seen if not one.diagnoses & LONG_TERM and one.visits <= usual]
    print(f"{len(seen)} seen in {FROM[:4]}: {len(often)} with such a diagnosis, {len(seldom)} without")  # noqa: T201
    chosen = [*drawn(often, OFTEN), *drawn(seldom, SELDOM)]
    return sorted((one.file for one in chosen), key=lambda file: file.stem[-36:])
