"""Dates, shares and ages as a person reads them. Times are UTC."""

import datetime as dt
import math
from typing import Any

DASH = "–"


def native(value: Any) -> Any:
    """A database instant, or its ISO text, as Python's own in UTC; anything else as it is.

    >>> native("2024-05-01T13:00:00Z[UTC]").hour
    13
    """
    found = value.to_native() if hasattr(value, "to_native") else value
    if isinstance(found, str) and "T" in found:
        found = dt.datetime.fromisoformat(found.partition("[")[0])
    return found.astimezone(dt.UTC) if isinstance(found, dt.datetime) and found.tzinfo else found


def day(value: Any) -> str:
    """A date without its time.

    >>> day(dt.datetime(2024, 5, 1, 13, 0, tzinfo=dt.UTC)), day(None)
    ('2024-05-01', '–')
    """
    found = native(value)
    return found.strftime("%Y-%m-%d") if isinstance(found, dt.date) else str(found or DASH)


def moment(value: Any) -> str:
    """A date with its time to the minute, or only the date when the time is midnight.

    >>> moment(dt.datetime(2024, 5, 1, 13, 5, tzinfo=dt.UTC)), moment(dt.datetime(2024, 5, 1, tzinfo=dt.UTC))
    ('2024-05-01 13:05', '2024-05-01')
    """
    found = native(value)
    if isinstance(found, dt.datetime) and (found.hour or found.minute):
        return found.strftime("%Y-%m-%d %H:%M")
    return day(found)


def share(value: float | None) -> str:
    """A probability in percent: whole numbers, with one decimal below 10 and above 90.

    >>> share(0.4167), share(0.034), share(0.999), share(None)
    ('42 %', '3.4 %', '99.9 %', '–')
    """
    if value is None or math.isnan(value):
        return DASH
    return f"{value:.1%}".replace("%", " %") if not 0.1 <= value <= 0.9 else f"{value:.0%}".replace("%", " %")


def figure(value: float | None) -> str:
    """A number with at most four significant digits.

    >>> figure(0.81234), figure(12.0), figure(1234.5), figure(None)
    ('0.8123', '12', '1,234', '–')
    """
    if value is None or math.isnan(value):
        return DASH
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def fixed(value: float | None) -> str:
    """A statistic with two decimals, never a negative zero.

    >>> fixed(0.81234), fixed(-0.001), fixed(None)
    ('0.81', '0.00', '–')
    """
    if value is None or math.isnan(value):
        return DASH
    return f"{round(value, 2) + 0.0:.2f}"


def age(birth: str | None, at: Any) -> int | None:
    """Whole years from a birth date, which may be a year or a month only, to an instant.

    >>> age("1980-06-15", dt.date(2020, 6, 14)), age("1980", dt.date(2020, 1, 1)), age(None, dt.date(2020, 1, 1))
    (39, 40, None)
    """
    end = native(at)
    if not birth or not isinstance(end, dt.date):
        return None
    year, month, date = [*(int(part) for part in birth[:10].split("-")), 1, 1][:3]
    return end.year - year - ((end.month, end.day) < (month, date))


def span(days: float) -> str:
    """A length of time in words.

    >>> span(800), span(45), span(3), span(0.25)
    ('2.2 years', '6 weeks', '3 days', '6 hours')
    """
    for size, unit in ((365.25, "years"), (7, "weeks"), (1, "days")):
        if days >= size * (1 if unit == "years" else 2):
            return f"{days / size:.1f} {unit}" if unit == "years" else f"{days / size:.0f} {unit}"
    return f"{days * 24:.0f} hours"


SEX = {"male": "Male", "female": "Female", "other": "Other", "unknown": "Unknown"}


def sex(gender: str | None) -> str:
    """Administrative gender as recorded."""
    return SEX.get(gender or "", gender or DASH)
