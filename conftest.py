"""The order of the tests: quick ones first, then those on Neo4j, in a browser, and the slow ones."""

import pytest

ORDER = ("neo4j", "browser", "slow")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the server, before `-m` chooses, and put the quick tests first."""
    for item in items:
        if "server_settings" in getattr(item, "fixturenames", ()):
            item.add_marker("neo4j")
    items.sort(key=lambda item: sum(2**n for n, mark in enumerate(ORDER) if item.get_closest_marker(mark)))
