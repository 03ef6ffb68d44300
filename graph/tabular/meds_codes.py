"""What kind a code of MEDS is, and the CodeableConcept it becomes.

>>> codes = Codes("urn:x", lambda code: None)
>>> codes.kind("ICD10CM//I21.9").name, codes.concept("ICD10CM//I21.9")["coding"]
('condition', [{'system': 'http://hl7.org/fhir/sid/icd-10-cm', 'code': 'I21.9'}])
>>> codes.concept("LAB//50912")["coding"]
[{'system': 'urn:x', 'code': 'LAB//50912'}]
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ontology.table_mapping import KindMapping, kinds, systems, vocabularies

_ADDRESS = ("http://", "https://", "urn:")


class Codes:
    """Kinds and concepts of the codes of one data set; ``base`` is the system of codes as they stand."""

    def __init__(self, base: str, description: Callable[[str], str | None]) -> None:
        self.base, self._description = base, description
        patterns = [
            (pattern, kind, system) for kind in kinds().values() for pattern, system in kind.codes.items()
        ]
        self._exact = {p: (kind, system, "") for p, kind, system in patterns if not p.endswith("*")}
        self._starts = sorted(
            ((p[:-1], kind, system) for p, kind, system in patterns if p.endswith("*")),
            key=lambda s: -len(s[0]),
        )
        self.default = next(kind for kind in kinds().values() if kind.default)
        self.roles = [
            (pattern.removesuffix("*"), pattern.endswith("*"), kind, role)
            for kind in kinds().values()
            for role, patterns_ in kind.roles.items()
            for pattern in patterns_
        ]
        self.concept = lru_cache(1 << 14)(self._concept)
        self.role = lru_cache(1 << 14)(self._role)

    def _match(self, code: str) -> tuple[KindMapping, str | None, str] | None:
        """The kind, the system and what the pattern's star stands for."""
        if code in self._exact:
            return self._exact[code]
        return next(
            ((k, s, code[len(p) :]) for p, k, s in self._starts if code.startswith(p) and code != p), None
        )

    def _role(self, code: str) -> tuple[KindMapping, str, str | None] | None:
        """The kind that gathers this code, what it says there, and with which value."""
        for start, open_, kind, role in self.roles:
            if open_ and code.startswith(start) and code != start:
                return kind, role, code[len(start) :]
            if code == start and not open_:
                return kind, role, None
        return None

    def kind(self, code: str) -> KindMapping:
        """The kind of an event that stands for itself."""
        found = self._match(code)
        return found[0] if found else self.default

    def known(self, code: str) -> bool:
        """True when a kind names this code."""
        return self._match(code) is not None

    def family(self, code: str) -> str:
        """What a code is counted under: its first part.

        >>> codes = Codes("urn:x", lambda code: None)
        >>> codes.family("LAB//50912//mg/dL"), codes.family("http://a.org/x//7"), codes.family("STROKE")
        ('LAB//*', 'http://a.org/x//*', 'STROKE')
        """
        name, found, _ = code.rpartition("//") if code.startswith(_ADDRESS) else code.partition("//")
        return f"{name}//*" if found else code

    def _concept(self, code: str) -> dict[str, Any]:
        match = self._match(code)
        name, _, rest = code.partition("//")
        system: str | None = None
        if match is not None and match[1] is not None:
            system, rest = match[1], match[2]
        elif code.startswith(_ADDRESS) and code.rpartition("//")[0].rstrip("/").count("/") > 1:
            system, _, rest = code.rpartition("//")
        elif rest:
            system = vocabularies().get(name.lower())
        display = self._description(code)
        shown = {"display": display} if display else {}
        whole = {"system": self.base, "code": " ".join(code.split())}
        if system is None or not rest.strip():
            return {"coding": [whole | shown]}
        codings = [{"system": system, "code": " ".join(rest.split())} | shown]
        if code != f"{systems().get(system, [system])[0]}//{rest}":
            codings.append(whole)
        return {"coding": codings}
