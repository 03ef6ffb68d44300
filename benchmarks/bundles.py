"""The demo's NDJSON as transaction bundles, patient by patient, for servers and for the ingest alike."""

import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DEMO = Path(__file__).parents[1] / "docs/demo/fhir"
DIRECTORY = ("Organization", "Location", "Practitioner", "PractitionerRole", "Medication")
FIRST = ("Patient", "Encounter", "Condition", "Observation")
"""What others refer to; every other type comes after these."""
_HEAD = re.compile(rb'\{"resourceType":"([A-Za-z]+)","id":"([^"]+)"')
_OWNER = re.compile(rb'"(?:subject|patient)":\{"reference":"Patient/([^"]+)"')
_TARGET = re.compile(rb'"reference":"([A-Za-z]+/[^"]+)"')
_SHARED = "|".join(DIRECTORY).encode()
_REFERENCE = re.compile(rb'"reference":"(?!(?:' + _SHARED + rb")/)([A-Z][A-Za-z]+)/")


@dataclass(frozen=True)
class Demo:
    """The lines of the demo: what all patients share, and each patient's own in an order in which references go back."""

    directory: dict[bytes, bytes]
    """By reference."""
    patients: list[list[bytes]]

    def people(self, resources: int, skip: int = 0) -> tuple[list[bytes], int]:
        """Whole patients after the first ``skip`` until there are that many resources, and how many patients to skip next."""
        lines: list[bytes] = []
        while skip < len(self.patients) and len(lines) < resources:
            lines += self.patients[skip]
            skip += 1
        return lines, skip

    def shared(self, lines: Sequence[bytes]) -> list[bytes]:
        """What these refer to in the directory, and what that refers to."""
        found: dict[bytes, bytes] = {}
        queue = list(lines)
        while queue:
            for key in _TARGET.findall(queue.pop()):
                if key in self.directory and key not in found:
                    found[key] = self.directory[key]
                    queue.append(found[key])
        return [line for key, line in self.directory.items() if key in found]


def head(line: bytes) -> tuple[str, str]:
    """Type and id of a resource.

    >>> head(b'{"resourceType":"Patient","id":"a"}')
    ('Patient', 'a')
    """
    match = _HEAD.match(line)
    if match is None:
        raise ValueError("A line of the demo does not begin with resourceType and id.")
    return match[1].decode(), match[2].decode()


def demo(folder: Path = DEMO) -> Demo:
    """Read it, or another folder of the same kind: ``TYPE.ndjson.gz`` or ``TYPE.000.ndjson.gz``."""
    if not any(folder.glob("*.ndjson.gz")):
        raise SystemExit(f"There is no *.ndjson.gz in {folder}.")
    directory = {"/".join(head(line)).encode(): line for kind in DIRECTORY for line in _lines(folder, kind)}
    others = sorted({p.name.split(".")[0] for p in folder.glob("*.ndjson.gz")} - {*DIRECTORY, *FIRST})
    patients: dict[str, list[bytes]] = {}
    for kind in (*FIRST, *others):
        for line in _lines(folder, kind):
            owner = _OWNER.search(line)
            patients.setdefault(owner[1].decode() if owner else head(line)[1], []).append(line)
    return Demo(directory, list(patients.values()))


def _lines(folder: Path, kind: str) -> Iterator[bytes]:
    for path in sorted(folder.glob(f"{kind}.*ndjson.gz")):
        yield from gzip.decompress(path.read_bytes()).splitlines()


def copied(lines: Sequence[bytes], name: str) -> list[bytes]:
    """The same with other ids; what all patients share is referred to as before.

    >>> copied([b'{"resourceType":"Encounter","id":"e","subject":{"reference":"Patient/p"}}'], "c")
    [b'{"resourceType":"Encounter","id":"c-e","subject":{"reference":"Patient/c-p"}}']
    """
    mark = name.encode()
    told = (_HEAD.sub(rb'{"resourceType":"\1","id":"' + mark + rb'-\2"', line, count=1) for line in lines)
    return [_REFERENCE.sub(rb'"reference":"\1/' + mark + rb"-", line) for line in told]


def bundles(lines: Sequence[bytes], size: int) -> list[bytes]:
    """Transactions of ``size`` entries, each resource put under its own id.

    >>> bundles([b'{"resourceType":"Patient","id":"a"}'], 2)[0][-47:]
    b'"request":{"method":"PUT","url":"Patient/a"}}]}'
    """
    return [_bundle(lines[begin : begin + size]) for begin in range(0, len(lines), size)]


def _bundle(lines: Sequence[bytes]) -> bytes:
    entries = [
        b'{"resource":%b,"request":{"method":"PUT","url":"%b"}}' % (line, "/".join(head(line)).encode())
        for line in lines
    ]
    return b'{"resourceType":"Bundle","type":"transaction","entry":[' + b",".join(entries) + b"]}"


def write(folder: Path, bodies: Sequence[bytes]) -> Path:
    """The bundles as files in ``folder``, which it returns."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, body in enumerate(bodies):
        (folder / f"{number:05}.json").write_bytes(body)
    return folder
