"""The M-CARE case report: 13 sections in their order, four axes, severity and links.

Source: J. Jeong, "M-CARE", arXiv:2604.20871, sections 1-13. Severity, links and the machine-checked
level are this project's own.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from mcare import nosology

UNWRITTEN = "(to be written)"
"""What a draft holds where its filer has to write; no report is filed with it."""


def _written(text: str) -> str:
    if UNWRITTEN in text:
        raise ValueError("this is still to be written")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_written)]
Layer = Literal["core", "phenotype", "shell", "pathway"]
Grade = Literal["none-seen", "potential", "minor", "moderate", "severe", "catastrophic"]
Harm = Literal["patient", "decision", "trust", "privacy", "fairness", "operations"]

GRADES: tuple[Grade, ...] = ("none-seen", "potential", "minor", "moderate", "severe", "catastrophic")


class Section(BaseModel):
    """What every section shares: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Shell(Section):
    """The layers around the Core (Four Shell Model)."""

    hard: Text = "none"
    """System prompt, persona, directives; for a predictor its task file and thresholds."""
    soft: Text = "none"
    """Accumulated context, memory, history."""
    hardware: Text = "not stated"
    """Quantisation, inference engine and its parameters; for a predictor the library versions."""


class Identification(Section):
    """1 Identification (demographics)."""

    model: Text
    """Name of the model or agent."""
    version: Text
    """Version, as the provider gives it."""
    provider: Text
    """Who makes or trains it."""
    shell: Shell = Shell()
    """Shell configuration."""
    environment: Text
    """Where it ran."""
    access: Text
    """How it was reached: API, local, log, published report."""


class PresentingConcern(Section):
    """2 Presenting Concern (chief complaint): descriptive and not diagnostic."""

    text: Text
    voice: Literal["human", "model", "data"]
    """Whose words."""


class Experiment(Section):
    """A linked experiment, as far as the assertion levels ask about it."""

    reference: Text
    """Where it can be read or run again."""
    variables: list[Text]
    """What was varied; level 3 needs exactly one."""
    control: Text | None = None
    """The control arm."""
    capture: Literal["complete", "partial"] = "partial"
    """Whether every input and output was kept."""
    group: Text
    """Who ran it."""
    replicated_by: list[Text] = []
    """Groups that ran it again with the same finding; the same group counts for level 3, another for level 4."""


class Observation(Section):
    """4 Observation Context (study design)."""

    environment: Text
    duration: Text
    method: Text
    sample_size: int = Field(ge=1)
    """Number of observations that the finding rests on."""
    controls: list[Text] = []
    """What the finding was compared with; level 2 needs at least one."""
    experiments: list[Experiment] = []
    assertion_level: int = Field(ge=1, le=4)
    """Diagnostic Assertion Level as the filer claims it; the platform adds the verified one."""


class History(Section):
    """5 Model History: earlier cases of the same model or family."""

    text: Text
    cases: list[Text] = []
    """Ids of earlier cases."""


class Findings(Section):
    """One layer of the examination: findings, or why there are none."""

    findings: list[Text] = []
    not_assessed: Text | None = None

    @model_validator(mode="after")
    def _says_so(self) -> Self:
        if bool(self.findings) == bool(self.not_assessed):
            raise ValueError("give findings, or not_assessed with the reason, and not both")
        return self


class Examination(Section):
    """6 Examination Findings, by layer; a layer without data says so."""

    core: Findings
    phenotype: Findings
    shell: Findings
    pathway: Findings


class Criterion(Section):
    """One explicit diagnostic criterion."""

    id: Text
    text: Text
    status: Literal["met", "not-met", "not-assessed"]


class Formulation(Section):
    """7 Diagnostic Formulation."""

    condition: Text
    """The condition's name, provisional."""
    categories: list[Text] = Field(min_length=1)
    """Nosology categories by id; not exclusive."""
    criteria: list[Criterion] = Field(min_length=1)
    analogy: Text
    """The clinical analogy."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        known = nosology.categories()
        for name in self.categories:
            if name not in known:
                raise ValueError(f"unknown category {name!r}; allowed: {', '.join(known)}")
        ids = [c.id for c in self.criteria]
        if len(ids) != len(set(ids)):
            raise ValueError("two criteria have the same id")
        return self


class Alternative(Section):
    """8 Differential Diagnosis: one alternative."""

    condition: Text
    why_not: Text


class Axes(Section):
    """9 Axis Assessment."""

    core: Text
    """I: the default without a Shell."""
    shell: Text
    """II: what it was told to be."""
    alignment: Literal["synergy", "conflict", "neutral"]
    """III: Shell-Core Alignment."""
    context: Text
    """IV: Soft Shell, infrastructure, task."""


class Intervention(Section):
    """One treatment; it must follow from the formulation."""

    target: Literal["shell", "core"]
    text: Text
    addresses: list[Text] = Field(min_length=1)
    """Ids of criteria in section 7 that are met."""


class Treatment(Section):
    """10 Treatment Considerations: interventions, or an explicit none."""

    interventions: list[Intervention] = []
    none: Text | None = None
    """Why there is none."""

    @model_validator(mode="after")
    def _explicit(self) -> Self:
        if bool(self.interventions) == bool(self.none):
            raise ValueError("give interventions, or none with the reason, and not both")
        return self


class Perspective(Section):
    """11 Model Perspective: the model's own account, or why it does not apply."""

    text: Text | None = None
    not_applicable: Text | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.text) == bool(self.not_applicable):
            raise ValueError("give text, or not_applicable with the reason, and not both")
        return self


class Prognosis(Section):
    """12 Prognosis."""

    persist: Text
    worsen: Text
    improve: Text
    generalise: Text


class Severity(Section):
    """How bad, to what, as the filer sees it; a reviewer confirms it."""

    grade: Grade
    harms: list[Harm] = []


class Links(Section):
    """What in the graph the case is about."""

    agent: Text | None = None
    """Key of the agent."""
    coordinate: Text | None = None
    """Canonical text of the Skill-Mix coordinate."""
    predictions: list[Text] = []
    """Ids of predictions."""
    evidence: list[Text] = []
    """Ids of evidence."""


class Report(Section):
    """One M-CARE case report, sections in the source's order.

    The unit of a case is a pattern: a miscalibrated group, a repeated behaviour, an incident with its
    mechanism. One wrong outcome of a calibrated predictor is no disorder.
    """

    title: Text
    severity: Severity
    identification: Identification
    presenting_concern: PresentingConcern
    clinical_summary: Text
    observation: Observation
    model_history: History
    examination: Examination
    formulation: Formulation
    differential: list[Alternative] = Field(min_length=1)
    axes: Axes
    treatment: Treatment
    model_perspective: Perspective
    prognosis: Prognosis
    follow_up: list[Text] = Field(min_length=1)
    links: Links = Links()

    @model_validator(mode="after")
    def _treatment_follows(self) -> Self:
        met = {c.id for c in self.formulation.criteria if c.status == "met"}
        for one in self.treatment.interventions:
            if missing := set(one.addresses) - met:
                raise ValueError(
                    f"the treatment addresses {', '.join(sorted(missing))}, which section 7 does not call met"
                )
        return self


SECTIONS: dict[str, str] = {
    "identification": "Identification",
    "presenting_concern": "Presenting Concern",
    "clinical_summary": "Clinical Summary",
    "observation": "Observation Context",
    "model_history": "Model History",
    "examination": "Examination Findings",
    "formulation": "Diagnostic Formulation",
    "differential": "Differential Diagnosis",
    "axes": "Axis Assessment",
    "treatment": "Treatment Considerations",
    "model_perspective": "Model Perspective",
    "prognosis": "Prognosis",
    "follow_up": "Follow-up Plan",
}
"""The 13 sections: field of :class:`Report` and its published heading, in order."""
