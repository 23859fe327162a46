from datetime import UTC, datetime

import pytest

from corpus.dates import parse_date


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("2024-03-01", datetime(2024, 3, 1, tzinfo=UTC)),
        ("2024-03-01T10:00:00Z", datetime(2024, 3, 1, 10, tzinfo=UTC)),
        ("2024-03-01T10:00:00", datetime(2024, 3, 1, 10, tzinfo=UTC)),
        ("2024-03-01T10:00:00.250+02:00", datetime(2024, 3, 1, 8, 0, 0, 250000, tzinfo=UTC)),
        ("2010-10-22 11:33:15 -0400", datetime(2010, 10, 22, 15, 33, 15, tzinfo=UTC)),
        ("2012-04-10 9:25:46 -0400", datetime(2012, 4, 10, 13, 25, 46, tzinfo=UTC)),
        ("2015-12-08 14:00:00 -5", datetime(2015, 12, 8, 19, tzinfo=UTC)),
        ("Fri, 01 Mar 2024 10:00:00 +0100", datetime(2024, 3, 1, 9, tzinfo=UTC)),
        ("Fri, 01 Mar 2024 10:00:00 GMT", datetime(2024, 3, 1, 10, tzinfo=UTC)),
        ("March 1, 2024", datetime(2024, 3, 1, tzinfo=UTC)),
        ("1 March 2024 10:30", datetime(2024, 3, 1, 10, 30, tzinfo=UTC)),
        ("20/03/2024", datetime(2024, 3, 20, tzinfo=UTC)),
        (" 2024-03-01 ", datetime(2024, 3, 1, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_in_utc(text: str, want: datetime) -> None:
    moment = parse_date(text)
    assert moment == want
    assert moment is not None
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "March 2024", "2024", "10:30", "May", "10/11/2024", "2024-13-01", "0",
        "0001-01-01T00:00:00+14:00", "99999999999999999999", "x" * 10_000, "Monday",
    ],
)  # fmt: skip
def test_what_names_no_moment_for_certain_is_no_date(text: str) -> None:
    assert parse_date(text) is None
