"""The many spellings of a date."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from dateutil import parser

_YEAR_FIRST = re.compile(r"\d{4}[-/.]\d")
_FIRST, _SECOND = datetime(1, 1, 1), datetime(2, 2, 2)  # noqa: DTZ001  fillers, compared, never kept


def parse_date(text: str) -> datetime | None:
    """Return the moment that `text` names, in UTC, or None when it names none for certain.

    Read are ISO 8601, RFC 2822, `2010-10-22 11:33:15 -0400` and written dates such as
    `October 22, 2010`. A time without an offset is UTC; a date alone is midnight UTC. A date
    without its year, month or day names no moment, nor does `10/11/2019`, which is October in one
    country and November in another.
    """
    text = " ".join(text.split())
    if not text or len(text) > 100:  # noqa: PLR2004  no date is that long; dateutil is slow on prose
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime, _written):
        try:
            return _in_utc(read(text))
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None


def _written(text: str) -> datetime:
    """Return what dateutil reads from `text`.

    Raises:
        ValueError: It had to fill in the year, month or day, or the order of these is a guess.
    """
    # dateutil would turn 2012-04-10 9:25 into October when asked for the day first.
    orders = (False,) if _YEAR_FIRST.match(text) else (False, True)
    readings = {
        parser.parse(text, default=default, dayfirst=dayfirst, tzinfos=_offset_only)
        for default in (_FIRST, _SECOND)
        for dayfirst in orders
    }
    if len(readings) > 1:
        raise ValueError("ambiguous")
    return readings.pop()


def _offset_only(_name: str, offset: int | None) -> int | None:
    """Keep numeric offsets; zone names that dateutil does not know count as UTC."""
    return offset


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)
