"""What is asked of the database: it is the same for the database, and the driver's own log does not spell it out."""

import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph import Graph
from graph.ingest import ingest
from graph.journey import journey
from graph.unsaid import unsaid
from tests.graph.made import ndjson, observation, patient

SEEDED = "Quetzalcoatl"


def test_the_drivers_log_holds_nothing_of_a_patient(
    graph: Graph, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also when somebody turns on all of it, to see why a connection fails."""
    files = [
        patient(SEEDED, name=[{"family": SEEDED}], identifier=[{"system": "mrn", "value": SEEDED}]),
        observation("o1", f"Patient/{SEEDED}", effectiveDateTime="2020-01-01", valueString=SEEDED),
    ]
    with caplog.at_level(logging.DEBUG, logger="neo4j"):
        ingest(graph, [ndjson(tmp_path / "a.ndjson", files)])
        found = journey(graph, SEEDED)
        graph.frame("MATCH (p:Patient {key: $key}) RETURN p.name AS name", {"key": f"Patient/{SEEDED}"})
    assert found.facts
    assert "C: RUN" in caplog.text
    assert SEEDED not in caplog.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=JSON)
def test_the_database_is_told_the_same(graph: Graph, value: Any) -> None:
    (told,), _, _ = graph.driver.execute_query("RETURN $value AS value", unsaid({"value": value}))
    assert told["value"] == value


def test_a_tuple_is_not_spelled_out_either(graph: Graph) -> None:
    given = unsaid({"keys": ("Patient/1", SEEDED)})
    assert SEEDED not in repr(given)
    (told,), _, _ = graph.driver.execute_query("RETURN $keys AS keys", given)
    assert told["keys"] == ["Patient/1", SEEDED]
