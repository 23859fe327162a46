"""`since:` as people type it."""

import re
from datetime import UTC, datetime

from dateutil.relativedelta import relativedelta

from bot.discord_bot.problems import Told

SUGGESTIONS = ("7 days", "30 days", "6 months", "1 year")
HINT = "Dates are like 2025, 2025-01, 2025-01-31, or an age like 30 days, 6 months, 1 year."
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
_AGE = re.compile(r"(?:last\s+)?(\d{1,4})\s*(day|week|month|year)s?(?:\s+ago)?", re.IGNORECASE)
_DELTAS = {
    "day": lambda n: relativedelta(days=n),
    "week": lambda n: relativedelta(weeks=n),
    "month": lambda n: relativedelta(months=n),
    "year": lambda n: relativedelta(years=n),
}


def moment_of(text: str, now: datetime) -> datetime:
    """Return the beginning of a year, month or day, or the moment so long before `now`; in UTC.

    Raises:
        Told: The text is neither.
    """
    try:
        if date := _DATE.fullmatch(text.strip()):
            year, month, day = (int(part or 1) for part in date.groups())
            return datetime(year, month, day, tzinfo=UTC)
        if age := _AGE.fullmatch(text.strip()):
            count, unit = int(age[1]), age[2].lower()
            return now - _DELTAS[unit](count)
    except (ValueError, OverflowError) as error:  # no such day, or before the calendar
        raise Told(HINT) from error
    raise Told(HINT)
