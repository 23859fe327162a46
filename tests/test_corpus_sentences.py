import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.article import Span
from corpus.sentences import is_heading, split_sentences

TEXTS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from(' .!?\n"“”()A1a。「」…')))


def sentences(text: str, language: str | None = None) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text, language)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("The U.S. economy grew.|He moved to the U.S.|She stayed.", id="U.S."),
        pytest.param("J. K. Meyer wrote it.|George W. Lund left.|Plan B.|Then C.", id="initials"),
        pytest.param("Acme Inc. said so.|It works for Acme Inc.|The firm grew.", id="Inc."),
        pytest.param("At 5 a.m. on Monday it rained.|It was 5 p.m.|Then he left.", id="a.m."),
        pytest.param("He left at 9:30 p.m. Tuesday.|The call is at 2 p.m. ET today.", id="p.m. ET"),
        pytest.param("Shares rose 3.5 percent to $1.2 billion.|The ratio was 0.7.", id="decimals"),
        pytest.param('He said "Stop it."|Then he left.|"Why?" she asked.', id="quotes"),
        pytest.param("“We are done.”|The room fell silent.|“Go,” she said.", id="curly quotes"),
        pytest.param("It left (see p. 4).|Done [1].|Fine.[2]|End.", id="brackets, footnotes"),
        pytest.param("Well... maybe.|He paused… then spoke.|And so...|The end.", id="ellipses"),
        pytest.param("Dr. Lund, Mrs. Ek and Gen. Ito met at St. Ann on Jan. 5.", id="titles"),
        pytest.param(
            "See Fig. 3, e.g. this, i.e. that, etc.|They left.|Lund et al. won.", id="e.g."
        ),
        pytest.param("1. First thing.|2. Second thing.", id="list numbers"),
        pytest.param("The Quiz! is a show.|We watch Quiz! every day.", id="a name that ends in !"),
        pytest.param("Really?!|Yes!!!|OK.", id="several marks"),
        pytest.param("Oh no!|Élan is here.", id="a capital outside ASCII"),
        pytest.param("See example.com.|Version 2.0.1 is out.", id="addresses and versions"),
        pytest.param("It weighs approx. 5 tonnes.|Vol. 2 is late.", id="abbreviation and digit"),
        pytest.param(
            "A plain heading\nThe text follows.|It goes on.\n- an item\n- another", id="lines"
        ),
        pytest.param("😀 He laughed.|🎉🎉 She too.", id="emoji count as one code point each"),
        pytest.param("我来了。|你走了\uff01|好。", id="Chinese, no spaces"),
        pytest.param("「何ですか\uff1f」と彼は言った。|終わり。", id="Japanese quotation"),
        pytest.param("สวัสดีครับ ผมชื่อสมชาย", id="Thai stays whole"),
    ],
)
def test_sentences_end_where_a_reader_would_say(text: str) -> None:
    """`|` marks the breaks inside a line; every line end is one."""
    want = [part.strip() for part in text.replace("\n", "|").split("|")]
    assert sentences(text.replace("|", " " if text.isascii() or " " in text else "")) == want


@settings(deadline=None)
@given(TEXTS, st.sampled_from([None, "en", "ja", "xx", "pt-BR", ""]))
def test_sentences_are_ordered_bare_and_cover_everything_but_blanks(
    text: str, language: str | None
) -> None:
    spans = split_sentences(text, language)
    covered = [False] * len(text)
    end = 0
    for span in spans:
        assert end <= span.start < span.end
        assert text[span.start : span.end] == text[span.start : span.end].strip()
        covered[span.start : span.end] = [True] * (span.end - span.start)
        end = span.end
    assert all(done or character.isspace() for done, character in zip(covered, text, strict=True))


def test_a_megabyte_of_quotation_marks_takes_seconds_not_minutes() -> None:
    start = time.perf_counter()
    split_sentences('"(“' * 300_000)
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("A big unit\n\nIt is big.", "A big unit", id="the first line"),
        pytest.param("It is.\n\nA big unit\n\nIt is big.", "A big unit", id="a paragraph"),
        pytest.param("It is.\n\nA big unit\nIt is big.", "A big unit", id="right above its text"),
        pytest.param("Is it big?\n\nIt is big.", "Is it big?", id="a question that is answered"),
        pytest.param("2. A big unit\n\nIt is big.", "A big unit", id="numbered"),
        pytest.param("A big unit\n\nWhat it has:\n- wheels", "A big unit", id="above a list"),
        pytest.param("Step 7. Share it\n\nIt is big.", "Step 7.", id="a part of one"),
    ],
)
def test_a_line_that_heads_a_sentence_is_a_heading(text: str, line: str) -> None:
    start = text.index(line)
    assert is_heading(text, Span(start, start + len(line)))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("It is big.\n\nIt is fast.", "It is big.", id="a sentence"),
        pytest.param("“It is big.”\n\nIt is fast.", "“It is big.”", id="a quoted one"),
        pytest.param("They are:\n\nIt is fast.", "They are:", id="what leads on to a list"),
        pytest.param("It is.\nA big unit\nIt is big.", "A big unit", id="a line of a paragraph"),
        pytest.param("- A big unit\n\nIt is big.", "- A big unit", id="a list item"),
        pytest.param("A big unit\n\nA small one", "A big unit", id="above no sentence"),
        pytest.param("It is.\n\nA big unit", "A big unit", id="the last line"),
        pytest.param("big " * 16 + "\n\nIt is big.", "big", id="too long"),
        pytest.param("Is it big? It is.\n\nIt is fast.", "Is it big?", id="answered there"),
    ],
)
def test_what_states_something_or_heads_nothing_is_no_heading(text: str, line: str) -> None:
    start = text.index(line)
    assert not is_heading(text, Span(start, start + len(line)))
