"""The JSON-LD context of the world: bare names for its terms, and what kind of value each property has.

>>> context()["@context"]["start"]
{'@id': 'cwm:start', '@type': 'xsd:dateTime'}
"""

from functools import cache
from typing import Any

from ontology import world

PREFIXES = {
    "cwm": str(world.CWM),
    "fhir": "http://hl7.org/fhir/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefixes that every export declares and every SPARQL query may use."""


@cache
def context() -> dict[str, Any]:
    """The context as a JSON-LD document.

    A name that the context does not list (a relationship called by the path of its element) is of the world too.
    """
    seen = world.load()
    terms: dict[str, Any] = {name: f"cwm:{name}" for name, c in seen.classes.items() if not c.internal}
    for name in seen.relations:
        terms[name] = {"@id": f"cwm:{name}", "@type": "@id"}
    for name, attribute in seen.attributes.items():
        if not attribute.internal:
            plain = attribute.datatype in (None, "xsd:string")  # what JSON-LD takes a text for anyway
            kind = {} if plain else {"@type": attribute.datatype}
            terms[name] = {"@id": f"cwm:{name}", **kind}
    terms |= {name: {"@id": f"cwm:{name}", "@type": "@id"} for name in ("from", "to")}
    return {
        "@context": {"@version": 1.1, "@vocab": str(world.CWM), **PREFIXES, **dict(sorted(terms.items()))}
    }
