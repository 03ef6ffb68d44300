"""The full check: the models of the library `fhir.resources`, for R4B and R5.

The library has no models of R4. A resource of R4 is read by those of R4B, and what is found at an element that the two
versions describe differently (by HL7's own definitions) is a warning and no error; a type that R4B lacks is not checked.
The models know types, cardinalities, choices and formats, and refuse what they do not know. They know no value sets and no
profiles, and of the invariants next to none.
"""

import importlib
import re
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from graph.check import tables
from graph.check.outcome import Finding

_PACKAGES = {"r4": "fhir.resources.R4B", "r4b": "fhir.resources.R4B", "r5": "fhir.resources"}
_KINDS = {
    "missing": ("required", "Something is missing."),
    "extra_forbidden": ("structure", "There is no such element."),
    "list_type": ("structure", "A list must be here."),
    "dict_type": ("structure", "An object must be here."),
    "model_type": ("structure", "An object must be here."),
}
_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9_]{0,63}").fullmatch


def check(resource: dict[str, Any], version: str) -> list[Finding]:
    """What the models say about a resource; ``version`` is ``r4``, ``r4b`` or ``r5``."""
    type_ = resource.get("resourceType")
    if not isinstance(type_, str) or type_ not in tables.resources(version):
        words = f"{version.upper()} has no such type of resource."
        return [Finding("error", "structure", words, "Resource")]
    model = _model(version, type_)
    if model is None:
        words = f"{type_} is in R4 and not in R4B: there is no model to check it by."
        return [Finding("information", "not-supported", words, type_)]
    try:
        model.model_validate(resource)
    except RecursionError:
        return [Finding("warning", "too-costly", "It is nested too deep for its model.", type_)]
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False)
        return [_finding(said, type_, version) for said in told if not _known_gap(said)]
    return []


@cache
def _model(version: str, type_: str) -> type[BaseModel] | None:
    try:
        module = importlib.import_module(f"{_PACKAGES[version]}.{type_.lower()}")
    except ModuleNotFoundError:
        return None
    model: type[BaseModel] = getattr(module, type_)
    return model


def _known_gap(said: Any) -> bool:
    """FHIR lets the value of an extension be extended itself (`_valueCode`); the library's Extension does not know that."""
    return said["type"] == "extra_forbidden" and str(said["loc"][-1]).startswith("_value")


def _finding(said: Any, type_: str, version: str) -> Finding:
    place = [part for part in said["loc"] if isinstance(part, int) or _NAME(part)]
    code, words = _KINDS.get(
        said["type"], ("value", f"The model of {type_} refuses this value ({said['type']}).")
    )
    if said["type"] == "missing" and place:
        words = f"{place[-1]} is missing."
    above = place[:-1] if said["type"] in {"missing", "extra_forbidden"} else place
    expression = tables.fhirpath(version, type_, above)
    if version == "r4" and place and _differs(type_, str(place[0])):
        return Finding(
            "warning", code, f"{words} That is R4B; R4 describes this element differently.", expression
        )
    # The library's own words may hold the value; its kind of error does not.
    return Finding("error", code, words, expression)


@cache
def _differs(type_: str, name: str) -> bool:
    """True when R4 and R4B do not describe an element of a resource, and all below it, in the same way."""
    name = name.removeprefix("_")
    fields = [tables.shape(version, type_).fields.get(name) for version in ("r4", "r4b")]
    below = [tables.below(version, f"{type_}.{name}") for version in ("r4", "r4b")]
    return fields[0] != fields[1] or below[0] != below[1]
