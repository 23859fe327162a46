"""How answers, articles and small things look in Discord."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from discord import ui
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answer import Answer, Citation, Conflict
from bot.answerer import Question
from bot.contents import Collection
from bot.discord_bot.blocks import MOST_TEXT, Block, pages_of
from bot.discord_bot.bursts import PERSON, SERVER, Bursts
from bot.discord_bot.desk import Wish, filters_of
from bot.discord_bot.layout import (
    Shape,
    ago,
    covers,
    header_of,
    message_of,
    note,
    summary,
)
from bot.discord_bot.lists import Names
from bot.discord_bot.moments import moment_of
from bot.discord_bot.neutral import length
from bot.discord_bot.preferences import DEFAULTS
from bot.discord_bot.problems import Told, wait_line
from bot.discord_bot.reading import reading
from bot.discord_bot.recent import Recent
from corpus.article import Article, Span
from tests.bot_fakes import NOW, TEA, WHALE, answerer, library
from tests.discord_fakes import Clock
from tests.discord_markdown import shown


@pytest.fixture
def answer(tmp_path: Path) -> Answer:
    """One with the quotes "Tea moon." [1] and "Tea car." [2] of one paragraph."""
    return answerer(library(tmp_path, TEA, WHALE)).ask(Question("Tea moon?"))


def text_in(view: ui.LayoutView) -> str:
    """All texts of a message that was not sent."""
    return "\n".join(i.content for i in view.walk_children() if isinstance(i, ui.TextDisplay))


def told(answer: Answer, article: Article | None = TEA) -> str:
    """What the message of an answer says."""
    return text_in(message_of(answer, lambda _: article, None, Shape()))


def test_an_answer_reads_from_what_is_said_to_who_says_it(answer: Answer) -> None:
    assert told(answer).split("\n") == [
        "**Tea car.** [2] **Tea moon.** [1]",
        "",
        "> **Tea car.** [2] **Tea moon.** [1] Tea rain.",
        "",
        "-# 1 independent source · newest 2 days ago",
        "[1] [2] [On tea](<https://post.example/tea#:~:text=Tea%20moon.>) — The Post, 2026-01-01",
    ]


@pytest.mark.parametrize(
    ("short", "line"),
    [
        ("moon", "**Tea car.** [2] **Tea __moon__.** [1]"),
        ("Tea", "**Tea car.** [2] **__Tea__ moon.** [1]"),
        ("car.", "**Tea __car.__** [2] **Tea moon.** [1]"),
    ],
)
def test_a_short_answer_is_underlined_in_the_best_quote_that_has_it(
    answer: Answer, short: str, line: str
) -> None:
    assert told(replace(answer, short_answer=short)).split("\n")[0] == line


def test_quotes_without_anything_around_them_are_not_said_twice(answer: Answer) -> None:
    assert "> " not in told(answer, None)
    alone = replace(TEA, text="Tea car. Tea moon.")
    assert "> " not in told(answer, alone)


def test_a_disagreement_stands_right_below_the_answer(answer: Answer) -> None:
    conflict = Conflict(("moon", "car"), ("c1", "c2"), None)
    lines = told(replace(answer, conflicts=(conflict,))).split("\n")
    assert lines[2] == "**Sources disagree:** moon [1] (2026-01-01), car [2] (2026-01-01)."


def test_what_was_asked_and_how_it_was_understood_stand_above(answer: Answer) -> None:
    asked = replace(answer, question="And *it*?", standalone_question="And tea?")
    assert header_of(asked, "And *it*?") == "-# Asked: And \\*it\\*?\n-# Understood as: And tea?"
    assert header_of(answer, "") == ""


def test_a_long_address_gives_way_to_the_plain_one(answer: Answer) -> None:
    long = f"https://post.example/tea#:~:text={'a' * 300}"
    citations = tuple(replace(c, fragment_url=long) for c in answer.citations)
    assert "(<https://post.example/tea>)" in told(replace(answer, citations=citations))


def test_what_a_model_wrote_is_neutralised_as_well(answer: Answer) -> None:
    written = replace(answer, mode="llm", answer="Tea **is** fine [1]. @everyone")
    assert "Tea \\*\\*is\\*\\* fine [1]. @\u200beveryone" in told(written)


def wide(answer: Answer, chars: int) -> Answer:
    """An answer of ten quotes, each so long."""
    first = answer.citations[0]
    quotes: list[Citation] = [
        replace(
            first,
            id=f"c{n}",
            number=n,
            document_id=f"{n}",
            document_title="T" * 200,
            cited_text=f"q{n} " + ("w" * 9 + " ") * (chars // 10),
        )
        for n in range(1, 11)
    ]
    return replace(answer, citations=tuple(quotes))


@pytest.mark.parametrize("chars", [100, 700, 2500, 9000])
def test_pages_hold_whole_quotes_within_discords_limits(answer: Answer, chars: int) -> None:
    long = wide(answer, chars)
    pages: list[str] = []
    while True:
        view = message_of(long, lambda _: None, None, Shape(header="-# h" * 200, page=len(pages)))
        text = text_in(view)
        count = int(text.rsplit(" of ", 1)[1]) if "\n-# Page " in text else 1
        assert length(text) <= 4000
        assert len(list(view.walk_children())) <= 40
        pages.append(text)
        if len(pages) == count:
            break
    for citation in long.citations:
        whole = f"{citation.cited_text.strip()}"
        found = [page for page in pages if f"q{citation.number} w" in page]
        assert len(found) == 1
        if chars < MOST_TEXT:
            assert f"**{whole}** [{citation.number}]" in found[0]
        else:
            assert all(word == "w" * 9 for word in whole.split()[1:])
    assert sum(page.count("w" * 9) for page in pages) == 10 * (chars // 10)


@given(st.lists(st.text(alphabet="ab \\*", max_size=60), max_size=12), st.integers(12, 40))
def test_no_page_is_too_long_and_no_word_is_lost(texts: list[str], most: int) -> None:
    escaped = [text.replace("\\", "\\\\").replace("*", "\\*").strip() or "a" for text in texts]
    pages = pages_of(map(Block, escaped), most)
    assert all(length(page) <= most for page in pages)
    assert "".join("".join(pages).split()) == "".join("".join(escaped).split())
    for page in pages:  # no escape is parted from what it escapes
        assert (len(page) - len(page.rstrip("\\"))) % 2 == 0


_TEXT = st.text(alphabet=st.sampled_from("ab. \n*é\U0001f600"), max_size=300)


@settings(max_examples=300)
@given(_TEXT, st.integers(4, 60), st.integers(0, 290), st.integers(1, 30))
def test_pages_of_an_article_cover_it_and_part_no_quote(
    text: str, most: int, start: int, size: int
) -> None:
    end = min(start + size, len(text))
    quotes = [Span(start, end)] if start < end and not text[start].isspace() else []
    pages = reading(text, quotes, most).pages
    assert "".join("".join(text[p.start : p.end] for p in pages).split()) == "".join(text.split())
    assert all(length(text[p.start : p.end]) <= most for p in pages)
    for quote in quotes:
        inside = text[quote.start : quote.end].rstrip()
        if length(inside) <= most // 2:
            pages_with = [p for p in pages if p.start <= quote.start < p.end]
            assert [p for p in pages_with if quote.start + len(inside) <= p.end]


def test_a_page_has_its_quotes_in_bold_type_line_by_line() -> None:
    read = reading("One *two*.\nThree.\n\nFour.")
    assert read.shown(0, [Span(4, 17)]) == "One **\\*two\\*.**\n**Three.**\n\nFour."
    assert shown(read.shown(0, [Span(4, 17)])).text == "One *two*.\nThree.\n\nFour."


def test_a_page_of_one_letter_lines_goes_without_marks() -> None:
    text = "*\n" * 650
    read = reading(text)
    assert read.shown(0, [Span(0, 1300)]).startswith("\\*\n\\*")
    assert length(read.shown(0, [Span(0, 1300)])) <= 2600


def test_a_page_is_found_by_a_position() -> None:
    read = reading("aaaa bbbb cccc", most=5)
    assert [read.page_with(n) for n in (0, 5, 13, 99)] == [0, 1, 2, 2]


def test_an_empty_text_is_one_page() -> None:
    assert reading("").shown(0, ()) == ""


def test_nothing_is_kept_of_a_message_that_is_sent() -> None:
    """discord.py would hold each of them for good."""

    async def sent() -> ui.LayoutView:
        return note("Hello.")

    assert asyncio.run(sent()).is_finished()


@pytest.mark.parametrize(
    ("days", "said"), [(0, "today"), (1, "1 day ago"), (1234, "1,234 days ago")]
)
def test_ages(days: int, said: str) -> None:
    assert ago(days) == said


def test_a_summary_without_dates_says_nothing_of_them(answer: Answer) -> None:
    assert summary(replace(answer, freshness=replace(answer.freshness, newest_age_days=None))) == (
        "-# 1 independent source"
    )


def test_what_an_empty_collection_covers(answer: Answer) -> None:
    none = Collection(replace(answer.index, documents=0), 0, None, None)
    assert covers(none) == "There are no articles yet."
    one = Collection(replace(answer.index, documents=1), 0, None, None)
    assert covers(one) == "The collection: 1 article."


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025", datetime(2025, 1, 1, tzinfo=UTC)),
        ("2025-3", datetime(2025, 3, 1, tzinfo=UTC)),
        (" 2025-03-31 ", datetime(2025, 3, 31, tzinfo=UTC)),
        ("7 days", datetime(2025, 12, 27, 12, tzinfo=UTC)),
        ("last 2 weeks", datetime(2025, 12, 20, 12, tzinfo=UTC)),
        ("1 month ago", datetime(2025, 12, 3, 12, tzinfo=UTC)),
        ("1 Year", datetime(2025, 1, 3, 12, tzinfo=UTC)),
    ],
)
def test_dates_and_ages_are_understood(text: str, moment: datetime) -> None:
    """Now is 2026-01-03, noon."""
    assert moment_of(text, NOW) == moment


@pytest.mark.parametrize(
    "text", ["", "yore", "2025-13", "2025-02-30", "0000", "9999 years", "-1 day"]
)
def test_what_is_no_date_is_told(text: str) -> None:
    with pytest.raises(Told, match="Dates are like"):
        moment_of(text, NOW)


def test_filters_are_the_servers_and_of_those_the_askers() -> None:
    early, late = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    settings_ = replace(DEFAULTS, sources=("The Post", "Sea"), published_after=early)
    wish = Wish(1, 2, "?", published_after=late, source="the post")
    found = filters_of(wish, settings_)
    assert (found.sources, found.published_after) == (("the post",), late)
    assert filters_of(Wish(1, 2, "?"), settings_).sources == ("The Post", "Sea")
    assert not filters_of(Wish(1, 2, "?"), DEFAULTS)
    with pytest.raises(Told):
        filters_of(Wish(1, 2, "?", source="Other"), settings_)


def test_presses_come_in_bursts_and_then_one_by_one() -> None:
    clock = Clock()
    bursts = Bursts(clock)
    assert [bursts.take(1, 2) for _ in range(int(PERSON.burst))] == [0] * int(PERSON.burst)
    assert bursts.take(1, 2) == bursts.take(1, 2) == 1 / PERSON.per_second
    clock.seconds += 1 / PERSON.per_second
    assert bursts.take(1, 2) == 0
    assert bursts.take(3, 2) == 0


def test_a_server_has_bursts_of_its_own() -> None:
    bursts = Bursts(Clock())
    taken = [bursts.take(person, 9) for person in range(int(SERVER.burst) + 1)]
    assert taken == [0] * int(SERVER.burst) + [1 / SERVER.per_second]


def test_only_so_many_people_are_held() -> None:
    bursts = Bursts(Clock(), most=3)
    for person in range(9):
        bursts.take(person, None)
    assert len(bursts) == 3


def test_only_so_many_ids_are_recent() -> None:
    recent = Recent(2)
    assert [recent.add(n) for n in (1, 2, 1, 3)] == [True, True, False, True]
    assert [n in recent for n in (1, 2, 3)] == [True, False, True]


def test_a_long_id_has_a_short_name_until_it_is_forgotten() -> None:
    names = Names()
    assert names.article_id(names.short_of("a.txt")) == "a.txt"
    long = "https://post.example/" + "a" * 100
    assert len(names.short_of(long)) == 17
    assert names.article_id(names.short_of(long)) == long
    assert names.article_id(names.short_of("#a")) == "#a"
    with pytest.raises(Told, match="too long ago"):
        Names().article_id(names.short_of(long))


@pytest.mark.parametrize(("seconds", "line"), [(0.1, "1"), (1, "1"), (11.2, "12")])
def test_a_wait_is_told_in_whole_seconds(seconds: float, line: str) -> None:
    assert wait_line(seconds) == f"Again in {line} s."
