"""For whom evidence holds: ``synthetic`` or ``real``, and in words which; nothing carries over between the two.

>>> matches("synthetic", "synthetic: Synthea 3.3.0, seed 4711"), matches("real", "synthetic: Synthea 3.3.0")
(True, False)
>>> matches("real: Ward 7", "real: Ward 8"), matches("real: Ward 7", "real: Ward 7")
(False, True)
"""

from typing import Annotated, Literal, get_args

from pydantic import StringConstraints

Kind = Literal["synthetic", "real"]

Population = Annotated[str, StringConstraints(pattern=r"^(synthetic|real)(: \S.*)?$", strip_whitespace=True)]
"""``synthetic`` or ``real``, then, after ``: ``, which patients."""

KINDS: tuple[Kind, ...] = get_args(Kind)
ALLOWED = "synthetic, real, or either with ': which patients'"


def kind(population: str) -> str:
    """``synthetic`` or ``real``."""
    return population.partition(":")[0]


def matches(asked: str, gathered: str) -> bool:
    """Whether evidence gathered in one population is about the one asked for.

    The kinds must be the same. When the question names the patients, the evidence must be of exactly those.
    """
    return gathered == asked if ":" in asked else kind(gathered) == asked
