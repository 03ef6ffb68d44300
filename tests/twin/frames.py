"""Frames as ``graph.journey.facts`` and ``twin.cohort`` give them, made from a few words."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from graph.journey import schema
from twin.cohort import SCHEMA as ROWS

AT = datetime(2024, 1, 1, tzinfo=UTC)
FACTS = schema()


def facts_frame(facts: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Facts; each gives what differs from an Observation of Patient/a, ``token`` is ``system|code``."""
    full = []
    for number, fact in enumerate(facts):
        given = {
            "patient": "Patient/a",
            "at": AT,
            "key": f"Observation/{number}",
            "type": "Observation",
            **fact,
        }
        token = given.pop("token", None)
        if token:
            system, code = token.split("|")
            given |= {"system": system, "code": code, "codes": [token]}
        full.append({"recorded": given.get("start"), **given})
    return pl.DataFrame([{name: f.get(name) for name in FACTS} for f in full], schema=FACTS)


def rows_frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Rows of a cohort; each gives what differs from a known woman of 60."""
    usual = {"at": AT, "entered": AT, "age": 60.0, "sex": "female", "place": "unknown", "fits": True}
    return pl.DataFrame([{name: {**usual, **r}.get(name) for name in ROWS} for r in rows], schema=ROWS)
