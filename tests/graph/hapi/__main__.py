"""Writes the lock of the validator: every jar is fetched to be summed."""

import tempfile
from pathlib import Path

from jgo.maven import Dependency, MavenContext

from graph.server.lock import _needed, _summed
from tests.graph.hapi import LOCK

HAPI = "8.4.0"
ROOTS = {
    "ca.uhn.hapi.fhir:hapi-fhir-validation": HAPI,
    "ca.uhn.hapi.fhir:hapi-fhir-structures-r4": HAPI,
    "ca.uhn.hapi.fhir:hapi-fhir-validation-resources-r4": HAPI,
    "ca.uhn.hapi.fhir:hapi-fhir-caching-caffeine": HAPI,
    "org.apache.groovy:groovy": "4.0.28",
    "org.apache.groovy:groovy-json": "4.0.28",
}

with tempfile.TemporaryDirectory() as folder:
    context = MavenContext(repo_cache=Path(folder), timeout=60)
    wanted = [
        Dependency(context.project(*root.split(":")).at_version(v).artifact()) for root, v in ROOTS.items()
    ]
    roots, rest = context.resolver.resolve(wanted)
    found = sorted(
        {str(_summed(d)) for d in [*roots, *(d for d in rest if _needed(d))]}, key=lambda s: s.split()[2]
    )
LOCK.write_text(
    "\n".join([f"# HAPI FHIR's validator {HAPI}: sha256, bytes, group:artifact:version", *found]) + "\n"
)
