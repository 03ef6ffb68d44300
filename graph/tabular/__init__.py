"""Tables of OMOP CDM and MEDS become FHIR resources, row by row, by the mappings in ``ontology/tables``.

What comes out is the text of resources with deterministic ids, and from there on everything is as for FHIR itself.
"""

from pathlib import Path

from graph.tabular.found import Tables
from graph.tabular.meds import recognise as _meds
from graph.tabular.omop import recognise as _omop
from graph.tabular.packed import recognise as packed


def recognise(folder: Path, name: str) -> Tables:
    """The tables of a folder, when its files are those of OMOP CDM or MEDS; ``name`` is how messages call it."""
    return _omop(folder, name) or _meds(folder, name) or Tables()


__all__ = ["Tables", "packed", "recognise"]
