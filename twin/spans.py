"""Lengths of time as people write them in YAML: ``48h``, ``365d``."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

_SPAN = re.compile(r"(\d+)\s*(h|d)")


def parse(text: object) -> timedelta:
    """The length of time that ``text`` says: a whole number with ``h`` (hours) or ``d`` (days of 24 hours).

    Raises:
        ValueError: it says no length of time.

    >>> parse("48h"), parse("365d").days
    (datetime.timedelta(days=2), 365)
    """
    if isinstance(text, timedelta):
        return text
    match = _SPAN.fullmatch(str(text).strip())
    if not match:
        raise ValueError(f"{text!r} is no length of time; write hours or days, such as 48h or 365d")
    return timedelta(**{"hours" if match[2] == "h" else "days": int(match[1])})


def text(span: timedelta) -> str:
    """The length of time as people write it.

    >>> text(timedelta(hours=48)), text(timedelta(days=365))
    ('48h', '365d')
    """
    hours = round(span.total_seconds() / 3600)
    return f"{hours // 24}d" if hours % 24 == 0 and hours > 48 else f"{hours}h"


Span = Annotated[timedelta, BeforeValidator(parse), PlainSerializer(text)]
