"""The nosology: one YAML file a category, mechanism first, not exclusive, provisional.

A new category is a new file; no code changes.

>>> list(categories())[:2]
['rlhf-performance-artifacts', 'shell-core-override-pathology']
"""

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

HERE = Path(__file__).parent


class Category(BaseModel):
    """One category of conditions."""

    model_config = ConfigDict(extra="forbid")
    id: str
    number: str
    """Roman number in the source; ``ours`` for what this project adds."""
    name: str
    mechanism: str
    source: str


@cache
def categories() -> dict[str, Category]:
    """All categories by id, in the order of their files."""
    found = (Category(**yaml.safe_load(p.read_text("utf-8"))) for p in sorted(HERE.glob("*.yaml")))
    return {c.id: c for c in found}
