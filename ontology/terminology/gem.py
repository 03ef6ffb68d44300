"""Makes ``crosswalks/icd-9-cm.tsv`` from the General Equivalence Mappings of CMS, both directions, in the public domain.

``python -m ontology.terminology.gem FORWARD BACKWARD OUT`` reads the text of CMS (``2016_I9gem.txt``, ``2016_I10gem.txt``) or the
same as CSV (``icd9toicd10cmgem.csv``, ``icd10cmtoicd9gem.csv``). How one category is chosen: ``crosswalks/icd-9-cm.yaml``.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

COLUMNS: Final = ("code", "to", "others")


class Entry(NamedTuple):
    """One line of the mappings."""

    source: str
    target: str
    flags: str
    """Approximate, no map, combination, scenario, choice list: a digit each."""

    @property
    def mapped(self) -> bool:
        """False when there is no target."""
        return self.flags[1] == "0"


def entries(lines: Iterable[str]) -> Iterator[Entry]:
    """The lines of either form; a header is passed over.

    >>> next(entries(["0010  A000  00000"]))
    Entry(source='0010', target='A000', flags='00000')
    """
    for line in lines:
        parts = re.split(r"[,\s]+", line.strip().replace('"', ""))
        if len(parts) >= 3 and re.fullmatch(r"[01]{3}\d\d", parts[2]):
            yield Entry(*parts[:3])


def table(forward: Iterable[Entry], backward: Iterable[Entry]) -> Iterator[tuple[str, str, str]]:
    """Rows of :data:`COLUMNS`: the ICD-9-CM code, its category, and the other categories that the mappings name."""
    back = {(e.source, e.target) for e in backward if e.mapped}
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in forward:
        groups[entry.source].append(entry)
    for code, group in sorted(groups.items()):
        mapped = [e for e in group if e.mapped]
        if mapped:
            best = choose(mapped, back)
            others = sorted({e.target[:3] for e in mapped} - {best})
            yield code, best, " ".join(others)
        else:
            yield code, "", ""


def choose(group: list[Entry], back: set[tuple[str, str]]) -> str:
    """The one category of a code's entries, by the rule ``gem``.

    >>> rows = [Entry("78791", "K529", "10000"), Entry("78791", "R197", "10000")]
    >>> choose(rows, {("R197", "78791")})
    'R19'
    """
    first = min(e.flags[3:] for e in group)
    group = [e for e in group if e.flags[3:] == first]
    agreed = [e for e in group if (e.target, e.source) in back] or group
    counts = Counter(e.target[:3] for e in agreed)
    return min(counts, key=lambda code: (-counts[code], code))


def write(forward: Path, backward: Path, out: Path) -> int:
    """Write the table; how many codes it has."""
    with forward.open(encoding="utf-8") as there, backward.open(encoding="utf-8") as back:
        rows = list(table(entries(there), entries(back)))
    text = "\n".join("\t".join(row).rstrip("\t") for row in [COLUMNS, *rows])
    out.write_text(text + "\n", encoding="utf-8")
    return len(rows)


if __name__ == "__main__":
    write(*map(Path, sys.argv[1:4]))
