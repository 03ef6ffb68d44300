"""Reading this package's YAML into checked models."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ontology.errors import InvalidInputError

HERE: Final = Path(__file__).parent

Model = TypeVar("Model", bound=BaseModel)

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C is ten times faster where it is built in."""


class Part(BaseModel):
    """What a YAML file holds; a name that the schema does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def read(path: Path, model: type[Model]) -> Model:
    """The file as that model.

    Raises:
        InvalidInputError: it is not well formed; the message names the place.
    """
    try:
        return model.model_validate(yaml.load(path.read_text(encoding="utf-8"), _LOADER))  # noqa: S506 - it is a safe one
    except yaml.YAMLError as error:
        raise _invalid(path, str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _invalid(path, f"{where}: {first['msg']}") from error


@cache
def edition() -> str:
    """A name for what this package says: a digest of its data, which changes when any of it does."""
    total = hashlib.sha256()
    folders = (HERE, HERE / "systems", HERE / "crosswalks")
    for path in sorted(p for folder in folders for p in folder.iterdir() if p.suffix in {".yaml", ".tsv"}):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()[:12]


def _invalid(path: Path, fault: str) -> InvalidInputError:
    return InvalidInputError(f"The file {path.name} is not valid.", got=fault, do="Mend that file.")
