import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.matches import matched
from corpus.article import Span
from index.retrieve import TokenMatches

WORDS = ("Orvane's", "Plover", "21,900", "May", "the", "L-3", "𠀀é", "—", "\n", "won’t")
texts = st.text(st.characters(codec="utf-8"), max_size=60) | st.lists(
    st.sampled_from(WORDS), max_size=12
).map(" ".join)


def words_of(text: str) -> tuple[Span, ...]:
    """A token a word, marks and all."""
    spans, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        spans.append(Span(at, at := at + len(word)))
    return tuple(spans)


def tokens(question: str, quote: str, **cosines: float) -> TokenMatches:
    """Tokens that match none, but for `asked__said=cosine`."""
    asked, said = words_of(question), words_of(quote)
    found = np.zeros((len(said), len(asked)), np.float32)
    for pair, cosine in cosines.items():
        a, b = pair.split("__")
        rows = [n for n, s in enumerate(said) if quote[s.start : s.end].strip(".,?") == b]
        columns = [n for n, s in enumerate(asked) if question[s.start : s.end].strip(".,?") == a]
        found[rows[0], columns[0]] = cosine
    return TokenMatches(asked, np.full(len(asked), 1 / len(asked), np.float32), said, found)


def marked(question: str, quote: str, found: TokenMatches | None, begins: int = 0) -> list[str]:
    return [quote[m.start_index : m.end_index] for m in matched(question, begins, quote, found)]


def test_a_word_marks_the_one_that_its_token_matches_best() -> None:
    question, quote = "Which firm?", "The company and the maker."
    found = tokens(question, quote, firm__company=0.8, firm__maker=0.7)
    assert marked(question, quote, found) == ["company"]


@pytest.mark.parametrize(("cosine", "want"), [(0.66, ["company"]), (0.64, [])])
def test_it_must_match_well_enough(cosine: float, want: list[str]) -> None:
    question, quote = "Which firm?", "The company."
    assert marked(question, quote, tokens(question, quote, firm__company=cosine)) == want


def test_words_that_say_nothing_by_themselves_neither_mark_nor_are_marked() -> None:
    question, quote = "When did it stop?", "In May it would."
    found = tokens(question, quote, When__May=0.9, did__would=0.9, it__it=0.9, stop__would=0.9)
    assert marked(question, quote, found) == []


def test_the_tokens_of_a_word_count_by_their_weights() -> None:
    """`un|equal`: a quarter of 0.9 and three of 0.6 are 0.675; of 0.5, 0.6; alike, 0.75 and 0.7."""
    for high, weight, want in [(0.6, 3, ["unfair"]), (0.5, 3, []), (0.5, 1, ["unfair"])]:
        found = TokenMatches(
            (Span(0, 2), Span(2, 7)),
            np.array([1 / (1 + weight), weight / (1 + weight)], np.float32),
            (Span(0, 2), Span(2, 6)),
            np.array([[0.9, 0.1], [0.2, high]], np.float32),
        )
        assert marked("unequal", "unfair", found) == want


def test_tokens_without_weight_count_alike() -> None:
    question, quote = "Which firm?", "The company and the maker."
    found = tokens(question, quote, firm__company=0.8, firm__maker=0.7)
    weightless = replace(found, weights=np.zeros(2, np.float32))
    assert marked(question, quote, weightless) == ["company"]


def test_a_part_of_a_word_marks_the_whole_word() -> None:
    """The quote's tokens are `Chang` and `an`; one may match a token of the question alone."""
    found = TokenMatches(
        (Span(0, 6),), np.ones(1, np.float32), (Span(0, 5), Span(5, 7)),
        np.array([[0.3], [0.9]], np.float32),
    )  # fmt: skip
    assert marked("Huawei", "Changan.", found) == ["Changan"]


def test_where_no_token_matches_the_first_word_of_the_same_stem_does() -> None:
    question, quote = "Who stripped players?", "A player strips; players strip."
    assert marked(question, quote, tokens(question, quote)) == ["player strips"]


def test_without_late_interaction_stems_alone_count() -> None:
    assert marked("What do Plovers cost?", "Costs of the Plover rose.", None) == ["Costs", "Plover"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [("2026", "2025"), ("T9", "T7"), ("March", "Jan"), ("Monday", "Tuesday")],
)
def test_a_number_or_date_is_matched_by_no_other(asked: str, said: str) -> None:
    question, quote = f"Sales {asked}", f"Sold {said}"
    found = tokens(question, quote, **{f"{asked}__{said}": 0.9, f"Sales__{said}": 0.0})
    assert marked(question, quote, found) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [("2,000", "2000"), ("fourth", "4"), ("January", "Jan"), ("3rd", "3"), ("2026", "next")],
)
def test_the_same_number_or_date_in_another_form_is(asked: str, said: str) -> None:
    found = tokens(asked, said, **{f"{asked}__{said}": 0.9})
    assert marked(asked, said, found) == ([said] if said != "next" else ["next"])


@pytest.mark.parametrize(
    ("question", "quote", "want"),
    [
        ("smart car unit", "Its smart-car unit grew.", ["smart-car unit"]),
        ("Orvane website", "Orvane's website fell.", ["Orvane's website"]),
        ("Orvane", "Orvane’s.", ["Orvane"]),
        ("Audi Mercedes", "Audi, Mercedes", ["Audi", "Mercedes"]),
        ("pays 21,900 florins", "It pays\n21,900 florins.", ["pays\n21,900 florins"]),
        ("pay money", "Pay the money.", ["Pay", "money"]),
        ("s t", "It's what Ann's won't.", []),
    ],
)
def test_neighbours_are_one_range(question: str, quote: str, want: list[str]) -> None:
    assert marked(question, quote, None) == want


def test_what_stands_before_the_question_is_context() -> None:
    question = "The Heron sells. What does the Plover cost?"
    quote = "The Plover costs less than the Heron."
    begins = question.index("What")
    assert marked(question, quote, None, begins) == ["Plover costs"]


@pytest.mark.parametrize(("question", "quote"), [("", "Tea."), ("Tea?", ""), ("Who?", "It is.")])
def test_without_words_nothing_is_marked(question: str, quote: str) -> None:
    assert matched(question, 0, quote, None) == ()


@settings(deadline=None)
@given(question=texts, quote=texts, data=st.data())
def test_ranges_are_whole_words_inside_the_quote_in_order(
    question: str, quote: str, data: st.DataObject
) -> None:
    asked, said = words_of(question), words_of(quote)
    seed = data.draw(st.integers(0, 99))
    cosines = np.random.default_rng(seed).uniform(-1, 1, (len(said), len(asked))).astype(np.float32)
    found = TokenMatches(asked, np.ones(len(asked), np.float32), said, cosines)
    for some in (found, None):
        places = matched(question, 0, quote, some)
        for place in places:
            assert 0 <= place.start_index < place.end_index <= len(quote)
            part = quote[place.start_index : place.end_index]
            assert part == part.strip()
            for at in (place.start_index, place.end_index):
                assert not re.fullmatch(r"\w\w", quote[max(0, at - 1) : at + 1])
        assert all(a.end_index < b.start_index for a, b in pairwise(places))
