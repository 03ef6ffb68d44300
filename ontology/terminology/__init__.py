"""Codes: systems, the tree of ICD-10-CM, crosswalks into it, value sets, units; all of it data that is checked when loaded."""

from ontology.terminology.crosswalk import Placement, condition_of, crosswalks, place
from ontology.terminology.systems import System, canonical, systems
from ontology.terminology.tree import Node, category, nodes, path

__all__ = [
    "Node",
    "Placement",
    "System",
    "canonical",
    "category",
    "condition_of",
    "crosswalks",
    "nodes",
    "path",
    "place",
    "systems",
]
