import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from bot.answer import Answer, Confidence, Notice
from bot.answerer import Question
from bot.render import printable, render
from corpus.article import Article
from tests.bot_fakes import TEA, WHALE, answerer, library

ESCAPE = re.compile(r"\x1b(\[[0-9;]*m|\]8;[^\x1b]*\x1b\\)")


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    retriever = library(tmp_path_factory.mktemp("library") / "data", TEA, WHALE)
    return answerer(retriever).ask(Question("tea"))


def piped(answer: Answer, *articles: Article) -> str:
    """What a pipe gets."""
    return shown(answer, *articles, console=Console(file=io.StringIO(), soft_wrap=True))


def colourful(answer: Answer, *articles: Article) -> str:
    """What a terminal of 80 columns gets."""
    console = Console(
        file=io.StringIO(), width=80, force_terminal=True, color_system="truecolor", no_color=False
    )
    return shown(answer, *articles, console=console)


def shown(answer: Answer, *articles: Article, console: Console) -> str:
    known = {article.id: article for article in articles or (TEA, WHALE)}
    console.print(render(answer, known.__getitem__, marked=console.color_system is None))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_short_answer_is_underlined_in_a_terminal(answer: Answer) -> None:
    marked = "\x1b[1;4;36mmoon\x1b[0m"
    assert marked in colourful(replace(answer, short_answer="moon"))
    assert marked not in colourful(answer)


def test_words_that_match_are_underlined_in_a_terminal_the_short_answer_in_colour_too(
    answer: Answer,
) -> None:
    """Of `Tea car.` the question matches `Tea`."""
    assert "\x1b[1;4mTea\x1b[0m\x1b[1m car." in colourful(answer)
    assert "\x1b[1;4;36mTea\x1b[0m\x1b[1m car." in colourful(replace(answer, short_answer="Tea"))


def test_a_piped_answer_is_plain_and_whole(answer: Answer) -> None:
    assert piped(answer).splitlines() == [
        "Tea car. [1] Tea moon. [2] Tea rain. [3]",
        "",
        "[1] **Tea car.** [2] **Tea moon.** [3] **Tea rain.**",
        "",
        "Sources",
        "[1] [2] [3] On tea — The Post, Ada, 2026-01-01 (2 days ago)",
        "    https://post.example/tea",
        "",
        "1 independent source · newest 2 days ago · confidence 0.98 (answers from 0.36)",
    ]


def one_quote(answer: Answer, article: Article, start: int, end: int) -> Answer:
    """The answer with one citation, of this range of this article."""
    citation = replace(
        answer.citations[0],
        document_id=article.id,
        document_title=article.title,
        url=article.url,
        fragment_url=article.url and f"{article.url}#:~:text=x",
        source=article.source,
        cited_text=article.text[start:end],
        start_char_index=start,
        end_char_index=end,
        annotations=(),
    )
    return replace(answer, answer=f"{article.text[start:end]} [1]", citations=(citation,))


def test_an_abstention_shows_what_comes_closest_under_another_name(answer: Answer) -> None:
    text = "The articles do not seem to answer this question."
    output = piped(replace(answer, status="abstained", answer=text))
    assert output.startswith(text + "\n\n[1] **Tea car.**")
    assert "\nClosest articles\n[1] [2] [3] On tea" in output
    assert "Sources" not in output


def test_an_abstention_without_evidence_is_one_sentence(answer: Answer) -> None:
    nothing = replace(answer, status="abstained", answer="The index is empty.", citations=())
    assert piped(nothing) == "The index is empty.\n\n"


@pytest.mark.parametrize(
    ("score", "threshold", "shown_as"),
    [
        (0.3762, 0.38, "confidence 0.37 (answers from 0.38)"),
        (0.38, 0.38, "confidence 0.38 (answers from 0.38)"),
        (0.29, 0.3, "confidence 0.29 (answers from 0.3)"),
        (0.9999, 1.0, "confidence 0.99 (answers from 1)"),
        (0.0, 0.385, "confidence 0.00 (answers from 0.385)"),
    ],
)
def test_a_score_below_the_threshold_never_seems_to_reach_it(
    score: float, threshold: float, shown_as: str, answer: Answer
) -> None:
    judged = replace(answer, confidence=Confidence(score, threshold, calibrated=False))
    assert piped(judged).endswith(f" · {shown_as}\n")


def test_an_abstention_counts_no_sources(answer: Answer) -> None:
    refused = replace(answer, status="abstained", answer="The articles do not say.")
    assert "independent source" in piped(answer)
    assert "independent source" not in piped(refused)
    assert "confidence" in piped(refused)


def test_a_warning_comes_last(answer: Answer) -> None:
    warned = replace(answer, warnings=(Notice("x", "The newest snapshot is damaged."),))
    assert piped(warned).endswith("\nNote: The newest snapshot is damaged.\n")


@pytest.mark.parametrize(("days", "age"), [(0, "today"), (1, "1 day ago"), (2, "2 days ago")])
def test_ages_read_as_english(days: int, age: str, answer: Answer) -> None:
    citations = tuple(replace(citation, age_days=days) for citation in answer.citations)
    assert f"2026-01-01 ({age})" in piped(replace(answer, citations=citations))


def test_a_source_without_a_date_an_outlet_or_a_link_is_its_title_and_id(answer: Answer) -> None:
    citations = tuple(
        replace(citation, source=None, author=None, published_at=None, url=None, fragment_url=None)
        for citation in answer.citations
    )
    output = piped(replace(answer, citations=citations))
    assert "\n[1] [2] [3] On tea\n    tea.txt\n" in output


def test_a_quote_stands_in_its_own_paragraph(answer: Answer) -> None:
    article = Article("a", "T", "Heading\n\nBefore it. The quote. After it.\n\nNext.")
    output = piped(one_quote(answer, article, 20, 30), article)
    assert output.splitlines()[2] == "[1] Before it. **The quote.** After it."


def test_long_context_is_cut_between_words_and_says_so(answer: Answer) -> None:
    """160 characters either side: 16 words of nine letters and a blank."""
    words = [f"word{n:05}" for n in range(50)]
    article = Article("a", "T", " ".join([*words, "Quote.", *words]))
    output = piped(one_quote(answer, article, 500, 506), article).splitlines()[2]
    before, after = " ".join(words[-15:]), " ".join(words[:15])
    assert output == f"[1] … {before} **Quote.** {after} …"


def test_a_desert_of_blanks_around_a_quote_is_survived(answer: Answer) -> None:
    article = Article("a", "T", f"Before.{' ' * 200}Quote.{' ' * 200}After.")
    output = piped(one_quote(answer, article, 207, 213), article).splitlines()[2]
    assert output == "[1] … **Quote.** …"


def test_quotes_of_one_paragraph_stand_in_it_together_in_reading_order(answer: Answer) -> None:
    article = Article("a", "T", "Zero. One. Two. Three. Four.\n\nFive.")
    three = one_quote(answer, article, 16, 22).citations[0]
    one = replace(one_quote(answer, article, 6, 10).citations[0], id="c2", number=2)
    five = replace(one_quote(answer, article, 30, 35).citations[0], id="c3", number=3)
    output = piped(replace(answer, citations=(three, one, five)), article).splitlines()
    assert output[2] == "Zero. [2] **One.** Two. [1] **Three.** Four."
    assert output[4] == "[3] **Five.**"


def test_a_terminal_sees_the_quote_emphasised_and_the_rest_dim(answer: Answer) -> None:
    article = Article("a", "T", "Before it. The quote. After it.")
    output = colourful(one_quote(answer, article, 11, 21), article)
    assert "\x1b[36m[1] \x1b[0m\x1b[2mBefore it. \x1b[0m\x1b[1;4;36mThe quote.\x1b[0m" in output
    assert "**" not in output


def test_without_colours_the_quote_is_still_emphasised(answer: Answer) -> None:
    console = Console(
        file=io.StringIO(), width=80, force_terminal=True, color_system="truecolor", no_color=True
    )
    output = shown(answer, console=console)
    assert "\x1b[1;4mTea car.\x1b[0m" in output
    assert ";36m" not in output


def test_a_link_leads_to_the_quote(answer: Answer) -> None:
    assert "\x1b]8;id=" in colourful(answer)
    assert ";https://post.example/tea#:~:text=Tea%20car.\x1b\\" in colourful(answer)


def test_a_number_that_is_quoted_is_not_taken_for_a_marker(answer: Answer) -> None:
    article = Article("a", "T", "Tea is hot [1] and wet.")
    placed = one_quote(answer, article, 0, 23)
    assert colourful(placed, article).splitlines()[0].count("\x1b[36m") == 0


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("The [bold red]tea[/bold red] [link=x]is[/] [1] hot.", id="markup"),
        pytest.param("[/] [/bold] [[ ]] \\[ [@click=f()]x[/]", id="broken markup"),
        pytest.param("茶" * 500 + "。", id="Chinese"),
        pytest.param("x" * 5000, id="one endless word"),
        pytest.param("tea " * 2000 + "end.", id="a very long quote"),
        pytest.param("👩‍👩‍👧‍👦 ﷽ é ", id="clusters"),
        pytest.param(":smile: {} %s", id="emoji codes"),
    ],
)
def test_any_text_is_shown_as_it_stands(text: str, answer: Answer) -> None:
    article = Article("a", text, f"{text}\n\nMore {text}", source=text)
    quoted = one_quote(answer, article, 0, len(text))
    assert f"[1] **{text}**" in piped(quoted, article)
    assert f"{text} — {text}" in piped(quoted, article)
    letters = "".join(ESCAPE.sub("", colourful(quoted, article)).split())
    assert "".join(text.split()) in letters


HOSTILE = "\x1b[31mred\x1b]0;title\x07\x9b2J\x7f\r\u202egnp\u2066\ud800\x00 tea."


@settings(deadline=None)
@given(st.text(st.characters(categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Lu")), max_size=30))
def test_nothing_printed_moves_a_cursor_or_fails(text: str) -> None:
    safe = printable(text)
    assert len(safe) == len(text)
    assert not set(safe) & set(map(chr, [*range(10), *range(11, 32), *range(127, 160)]))
    safe.encode("utf-8")


def test_what_a_person_reads_is_left_alone() -> None:
    for text in ("tea\nrain", "café “£5” — 茶", "👩‍👧 नमस्ते می‌خواهم"):
        assert printable(text) == text


def test_escape_sequences_reach_no_terminal(answer: Answer) -> None:
    """Articles are cleaned of them; an index made by someone else may not be."""
    article = Article(HOSTILE, HOSTILE, HOSTILE, url=None, source=HOSTILE)
    linked = replace(article, url=f"https://x.example/{HOSTILE}")
    for one in (article, linked):
        hostile = one_quote(answer, one, 0, len(HOSTILE))
        hostile = replace(
            hostile,
            citations=(replace(hostile.citations[0], author=HOSTILE),),
            warnings=(Notice("x", HOSTILE),),
        )
        for output in (piped(hostile, one), ESCAPE.sub("", colourful(hostile, one))):
            assert not set(output) & set("\x1b\x07\x9b\x7f\r\x00\u202e\u2066\ud800")


def test_a_future_date_is_shown_as_today(answer: Answer) -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=1)
    citations = tuple(
        replace(citation, published_at=later, age_days=0) for citation in answer.citations
    )
    assert "2027-01-02 (today)" in piped(replace(answer, citations=citations))


def test_quotes_of_two_articles_are_two_sources(tmp_path: Path) -> None:
    other = replace(TEA, id="tea2.txt", text="Tea bank.", title="More tea", url=None)
    found = answerer(library(tmp_path / "data", TEA, other)).ask(Question("tea", max_citations=10))
    output = piped(found, TEA, other)
    assert "2 independent sources" in output
    assert re.search(r"\n(\[\d\] )+More tea — The Post", output)
