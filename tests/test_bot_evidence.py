import pytest

from bot.evidence import MARGIN, rank, select, share_of
from corpus.article import Article, Passage, Span
from index.retrieve import Hit, SentenceHit
from tests.bot_fakes import evidence

WEIGHTS = {"tea": 2.0, "hot": 1.0, "rain": 1.0}


def sentence(article: Article, text: str, *, cosine: float, passage: float) -> SentenceHit:
    """One that stands in a passage of its own, which scored `passage`."""
    start = article.text.index(text)
    span = Span(start, start + len(text))
    return SentenceHit(
        Hit(0, Passage(article.id, span.start, span.end, 0), passage, 0, 0), span, cosine
    )


def test_a_sentence_scores_its_cosine_its_words_and_its_passage() -> None:
    article = Article("a", "", "Tea is hot. Rain fell.")
    found = [
        sentence(article, "Rain fell.", cosine=0.2, passage=0.8),
        sentence(article, "Tea is hot.", cosine=0.5, passage=0.8),
    ]
    best, other = rank(found, {"a": article}, WEIGHTS)
    # "tea" and "hot" are 3 of the question's 4: 0.5 + 0.3 * 3/4 + 0.5 * 0.8
    assert (best.text, best.coverage) == ("Tea is hot.", 0.75)
    assert best.score == pytest.approx(1.125)
    # "rain" is 1 of 4: 0.2 + 0.3 * 1/4 + 0.5 * 0.8
    assert (other.text, other.coverage) == ("Rain fell.", 0.25)
    assert other.score == pytest.approx(0.675)


@pytest.mark.parametrize("end", [".", "!", "?", "…", '."', "?’", ".)", "。", "！", "？", ".”)"])
def test_what_ends_as_a_sentence_costs_nothing(end: str) -> None:
    article = Article("a", "", f"Hot tea{end}")
    (only,) = rank([sentence(article, article.text, cosine=0.4, passage=0)], {"a": article}, {})
    assert only.score == pytest.approx(0.4)


@pytest.mark.parametrize("text", ["Hot tea", "Hot tea:", "Hot tea,", "No. 1 tea", "热茶"])
def test_a_heading_costs_three_tenths(text: str) -> None:
    article = Article("a", "", text)
    (only,) = rank([sentence(article, text, cosine=0.4, passage=0)], {"a": article}, {})
    assert only.score == pytest.approx(0.1)


def test_equal_scores_stay_in_the_order_found() -> None:
    article = Article("a", "", "One b. Two b. Three b.")
    found = [
        sentence(article, text, cosine=0.5, passage=0) for text in ("Two b.", "One b.", "Three b.")
    ]
    ranked = rank(found, {"a": article}, {})
    assert [item.text for item in ranked] == ["Two b.", "One b.", "Three b."]


@pytest.mark.parametrize(
    ("terms", "share"),
    [({"tea"}, 0.5), ({"tea", "hot", "rain", "more"}, 1.0), (set(), 0.0)],
)
def test_a_term_counts_by_its_weight(terms: set[str], share: float) -> None:
    assert share_of(terms, WEIGHTS) == pytest.approx(share)


def test_a_question_without_terms_is_covered_by_nothing() -> None:
    assert share_of({"tea"}, {}) == 0


def test_sentences_within_the_margin_of_the_best_are_taken() -> None:
    scores = [1.0, 0.95, 1.0 - MARGIN, 0.89]
    ranked = [evidence(f"Sentence{n} alone{n}.", score) for n, score in enumerate(scores)]
    assert select(ranked, 10) == ranked[:3]


def test_the_margin_is_to_the_best_not_to_the_last_taken() -> None:
    ranked = [evidence(f"Sentence{n} alone{n}.", 1.0 - n * 0.06) for n in range(3)]
    assert select(ranked, 10) == ranked[:2]


def test_no_more_than_the_limit_are_taken() -> None:
    ranked = [evidence(f"Sentence{n} alone{n}.") for n in range(5)]
    assert select(ranked, 3) == ranked[:3]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("Green tea tasted sweet.", 1, id="the same"),
        pytest.param("Green tea tasted bitter.", 1, id="3 of 4 terms: 0.75"),
        pytest.param("Green tea smelled bitter.", 2, id="2 of 4 terms: 0.5"),
        pytest.param("Tea tasted sweet in every town we saw.", 1, id="3 of the shorter one's 4"),
        pytest.param("Tasting greens: sweet teas!", 1, id="the same stems"),
        pytest.param("It is that.", 1, id="no term of its own"),
    ],
)
def test_what_says_the_same_is_not_quoted_twice(text: str, count: int) -> None:
    ranked = [evidence("Green tea tasted sweet."), evidence(text)]
    assert len(select(ranked, 3)) == count


def test_a_repetition_leaves_room_for_the_next() -> None:
    ranked = [evidence("Red tea pot."), evidence("Red tea pot!"), evidence("Blue moon car.")]
    assert select(ranked, 2) == [ranked[0], ranked[2]]


def test_nothing_found_is_nothing_selected() -> None:
    assert select(rank([], {}, WEIGHTS), 3) == []
