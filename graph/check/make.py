"""Makes the tables of elements from HL7's own definitions: ``python -m graph.check.make``.

FHIR's definitions are in the public domain (CC0). They are read from the jars in which HAPI FHIR publishes them at the
Maven repository; only what the structure check needs is kept, some 60 KB a version. A line of a table is
``path  min  max  types``: types are joined by ``|``, those that a Reference may point at stand in brackets, ``*`` is an
object with elements of its own and ``@path`` one that is described elsewhere. The line of a type says what kind it is.
"""

import gzip
import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from graph.check.tables import HERE, VERSIONS

ARTIFACT = "hapi-fhir-validation-resources-{}"
RELEASE = "8.4.0"
_FHIR = "{http://hl7.org/fhir}"
_DEFINITION = "http://hl7.org/fhir/StructureDefinition/"
_SYSTEM = "http://hl7.org/fhirpath/System."
_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"

Row = tuple[str, str, str, str]


def rows(jar: Path, version: str) -> list[Row]:
    """All elements of all types of a version, sorted by path."""
    found: list[Row] = []
    with zipfile.ZipFile(jar) as files:
        for definition in _definitions(files, version):
            if definition.get("derivation") == "constraint" or definition.get("kind") == "logical":
                continue
            first, *rest = definition["snapshot"]["element"]
            type_, kind = first["path"], definition["kind"]
            found += [(type_, "0", "*", kind), *map(_row, rest)]
            if kind == "resource":
                # R4's definitions call the id of a resource a string, its text (resource.html) calls it an id.
                found = [(p, a, b, "id" if p == f"{type_}.id" else t) for p, a, b, t in found]
    return sorted(set(found))


def _definitions(files: zipfile.ZipFile, version: str) -> Iterator[dict[str, Any]]:
    for name in files.namelist():
        if name.endswith(("profiles-types.xml", "profiles-resources.xml")):
            with files.open(name) as text:
                for element in ET.parse(text).iter(f"{_FHIR}StructureDefinition"):  # noqa: S314  # HL7's own file, from a jar
                    yield _from_xml(element)
        elif "hl7.fhir.r5.core" in name and version == "r5":
            with tarfile.open(fileobj=io.BytesIO(files.read(name))) as package:
                for member in package:
                    if member.name.startswith("package/StructureDefinition-"):
                        yield json.loads(_whole(package, member))


def _whole(package: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = package.extractfile(member)
    return b"" if file is None else file.read()


def _from_xml(definition: ET.Element) -> dict[str, Any]:
    def said(element: ET.Element, name: str) -> str | None:
        found = element.find(f"{_FHIR}{name}")
        return None if found is None else found.get("value")

    elements = []
    for element in definition.iterfind(f"{_FHIR}snapshot/{_FHIR}element"):
        types = [
            {
                "code": said(t, "code"),
                "targetProfile": [p.get("value") for p in t.iterfind(f"{_FHIR}targetProfile")],
                "extension": [
                    {"url": e.get("url"), "valueUrl": said(e, "valueUrl")}
                    for e in t.iterfind(f"{_FHIR}extension")
                ],
            }
            for t in element.iterfind(f"{_FHIR}type")
        ]
        row = {name: said(element, name) for name in ("path", "min", "max", "contentReference")}
        elements.append(row | {"type": types})
    head = {name: said(definition, name) for name in ("derivation", "kind", "name")}
    return head | {"snapshot": {"element": elements}}


def _row(element: dict[str, Any]) -> Row:
    if content := element.get("contentReference"):
        types = "@" + content.rpartition("#")[2]
    else:
        types = "|".join(dict.fromkeys(map(_type, element.get("type") or ())))
    return element["path"], str(element["min"]), str(element["max"]), types


def _type(said: dict[str, Any]) -> str:
    code = str(said["code"])
    if code.startswith(_SYSTEM):
        # `id` and `url` are strings of FHIRPath; the extension says which type of FHIR.
        urls = (e.get("valueUrl") for e in said.get("extension") or () if e.get("url") == _TYPE)
        code = next(filter(None, urls), "string")
    if code in {"BackboneElement", "Element"}:
        return "*"
    targets = [p.removeprefix(_DEFINITION) for p in said.get("targetProfile") or ()]
    if code not in {"Reference", "CodeableReference"} or not targets or "Resource" in targets:
        return code
    return f"{code}({','.join(sorted(targets))})"


def write(jar: Path, version: str) -> Path:
    """The table of a version beside this module; equal definitions give equal bytes."""
    text = "".join("\t".join(row) + "\n" for row in rows(jar, version))
    path = HERE / f"{version}.tsv.gz"
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    return path


def main() -> None:
    """Fetch the definitions and write all tables."""
    from jgo.maven import MavenContext

    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder), timeout=60)
        for version in VERSIONS:
            project = context.project("ca.uhn.hapi.fhir", ARTIFACT.format(version))
            write(Path(project.at_version(RELEASE).artifact().resolve()), version)


if __name__ == "__main__":
    main()
