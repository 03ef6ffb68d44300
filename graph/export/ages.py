"""Ages above 89, however they are written: whoever is older belongs to one group, and nothing may tell how old.

Source: 45 CFR 164.514(b)(2)(i)(C), which pools these ages and all dates, years too, that would tell them.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

OLDEST = 89
"""Ages above it are pooled: no year of birth, no age and no date says more than 'over 89'."""
LONGEST = timedelta(days=int((OLDEST + 1) * 365.25))
"""A date that lies further before the end of a record says that its patient is over :data:`OLDEST`."""
_IN_A_YEAR = {
    1.0: "a a_g a_j a_t ann annum y yr yrs year years year(s) yo y/o {age}",
    12.0: "mo mo_g mo_j mo_s mos month months month(s)",
    52.18: "wk wks week weeks week(s)",
    365.25: "d day days day(s)",
}
_UNITS = {unit: share for share, units in _IN_A_YEAR.items() for unit in units.split()}
_AGE = r"(9\d|[1-9]\d\d)"
_TOLD = re.compile(rf"\bage[ds]?\b\W*{_AGE}\b|\b{_AGE}\+?\W?(y|yo|yrs?|years?)\b", re.IGNORECASE).search


def too_old(value: Any, units: Iterable[Any]) -> bool:
    """Whether a number says an age above 89 in one of the ``units`` (a code, a word; what is no text is passed over).

    >>> too_old(93, ["a"]), too_old(Decimal("93.5"), [None, "Years"]), too_old(1164, ["mo"])
    (True, True, True)
    >>> too_old(93, ["kg"]), too_old(89.9, ["years"]), too_old(93, [])
    (False, False, False)
    """
    if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
        return False
    shares = (_UNITS.get(unit.strip().lower()) for unit in units if isinstance(unit, str))
    return any(float(value) >= (OLDEST + 1) * share for share in shares if share)


def told(words: str) -> bool:
    """Whether words say an age above 89.

    >>> told("92 years old"), told("Aged 94"), told("age 45"), told("99 mg daily")
    (True, True, False, False)
    """
    return _TOLD(words) is not None


def telling(at: datetime, end: datetime | None) -> bool:
    """Whether a date, with the end of the record that it stands in, tells that somebody is over 89.

    >>> telling(datetime(1925, 1, 1), datetime(2020, 1, 1)), telling(datetime(1950, 1, 1), datetime(2020, 1, 1))
    (True, False)
    """
    return end is not None and end - at >= LONGEST
