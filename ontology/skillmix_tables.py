"""The tables of the eight dimensions in ``docs/skillmix.md``, made from the YAML files.

``python -m ontology.skillmix_tables docs/skillmix.md`` writes them again; a test says when they are out of date.
"""

import sys
from pathlib import Path
from typing import Final

from ontology.skillmix_values import Dimension, Value, dimensions

BEGIN: Final = "<!-- dimensions: made by ontology.skillmix_tables -->"
END: Final = "<!-- dimensions: end -->"


def render() -> str:
    """Markdown of all dimensions: small ones a line a value, grouped ones a line a group."""
    return "\n\n".join(_section(d) for d in dimensions().values())


def renew(page: str) -> str:
    """The page with what lies between the two marks made anew.

    >>> renew(f"a{BEGIN}old{END}b").count("### ")
    8
    """
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{render()}\n{END}{rest.partition(END)[2]}"


def _section(dimension: Dimension) -> str:
    head = f"### {dimension.order}. {dimension.title}: {dimension.size:,}\n\n{dimension.summary}\n\n"
    rows = _groups(dimension) if dimension.groups else _values(dimension)
    return head + "\n".join(rows) + f"\n\nSource: {dimension.source}"


def _values(dimension: Dimension) -> list[str]:
    rows = ["| code | name | what | in a sentence |", "|---|---|---|---|"]
    return rows + [f"| `{v.code}` | {v.name} | {v.about or ''} | {v.phrase} |" for v in dimension.values]


def _groups(dimension: Dimension) -> list[str]:
    rows = ["| group | values | codes |", "|---|---|---|"]
    for group, title in dimension.groups.items():
        values = [v for v in dimension.values if v.group == group]
        short = (
            f"`{values[0].code}` to `{values[-1].code}`"
            if dimension.size > 100
            else ", ".join(map(_code, values))
        )
        rows.append(f"| {title} | {len(values)} | {short} |")
    return rows


def _code(value: Value) -> str:
    return f"`{value.code}`" + (f" {value.isco}" if value.isco else "")


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(renew(path.read_text(encoding="utf-8")), encoding="utf-8")
