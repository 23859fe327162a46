import json
from dataclasses import astuple, fields, replace
from math import exp, log

import numpy as np
import pytest

from bot.evidence import (
    AGE_WEIGHT,
    ENOUGH,
    NEVER_ENOUGH,
    WEIGHTS_FILE,
    WITH_LATE,
    WITHOUT_LATE,
    Evidence,
    Features,
    enough_for,
    features_of,
    rank,
    score_of,
    select,
    share_of,
    with_ages,
)
from corpus.article import Article, Passage, Span
from index.retrieve import Hit, SentenceHit, SentenceHits
from tests.bot_fakes import evidence

WEIGHTS = {"tea": 2.0, "hot": 1.0, "rain": 1.0}
TOKENS = np.array([0.75, 0.25], np.float32)
NO_WEIGHTS = np.empty(0, np.float32)
PLAIN = Features(0, 0, 0, 0, 0, 0, 0, 1, log(3))


def row(*cosines: float) -> np.ndarray:
    """What the question's tokens match."""
    return np.array(cosines, np.float32)


def sentence(article: Article, text: str, late: float = 0.5) -> SentenceHit:
    """One that matches both tokens of a question equally, alone in its passage."""
    start = article.text.index(text)
    span = Span(start, start + len(text))
    hit = Hit(0, Passage(article.id, span.start, span.end, 0), 1.0, 0.4, 0.3, 0.6)
    return SentenceHit(hit, span, row(late, late), row(0, 0), row(late, late))


def found(*sentences: SentenceHit) -> SentenceHits:
    """Sentences found for a question of two tokens."""
    return SentenceHits(sentences, TOKENS)


def test_what_is_known_of_a_sentence() -> None:
    """Tokens weigh 3/4 and 1/4: own 0.6 and 0.2 make 0.5. The title has 0.6 for the second: 0.1.

    The neighbours have 0.8 for the first: 0.15. "tea" and "hot" are 3 of the question's 4.
    """
    hit = Hit(0, Passage("a", 0, 11, 0), 1.0, 0.4, 0.3, 0.7)
    one = SentenceHit(hit, Span(0, 11), row(0.6, 0.2), row(0.1, 0.6), row(0.8, 0.1))
    known = features_of(one, "Tea is hot.", TOKENS, WEIGHTS)
    assert astuple(known) == pytest.approx(
        (0.5, 0.1, 0.15, 0.7, 0.4, 0.3, 0.75, 1, log(3)), abs=1e-6
    )


def test_without_late_interaction_what_rests_on_it_is_zero() -> None:
    nothing = np.empty(0, np.float32)
    hit = Hit(0, Passage("a", 0, 11, 0), 0.6, 0.4, 0.3)
    one = SentenceHit(hit, Span(0, 11), nothing, nothing, nothing)
    known = features_of(one, "Tea is hot.", nothing, WEIGHTS)
    assert (known.late, known.with_title, known.with_neighbours, known.passage) == (0, 0, 0, 0)
    assert known.coverage == 0.75


@pytest.mark.parametrize("end", [".", "!", "?", "…", '."', "?’", ".)", "。", "！", "？", ".”)"])
def test_what_ends_as_a_sentence_is_one(end: str) -> None:
    article = Article("a", "", f"Hot tea{end}")
    assert features_of(sentence(article, article.text), article.text, TOKENS, {}).sentence == 1


@pytest.mark.parametrize("text", ["Hot tea", "Hot tea:", "Hot tea,", "No. 1 tea", "热茶"])
def test_a_heading_is_no_sentence(text: str) -> None:
    assert features_of(sentence(Article("a", "", text), text), text, TOKENS, {}).sentence == 0


@pytest.mark.parametrize("feature", ["late", "passage", "cosine", "words", "coverage"])
def test_what_speaks_for_a_sentence_raises_its_score(feature: str) -> None:
    better = replace(PLAIN, **{feature: 1.0})
    assert score_of(better, late=True) > score_of(PLAIN, late=True)


def test_the_best_match_comes_first_with_its_text_and_probability() -> None:
    """The odds of two sentences are e to the difference of their scores (Luce)."""
    article = Article("a", "", "Tea is hot. Rain fell.")
    both = [sentence(article, "Rain fell.", 0.2), sentence(article, "Tea is hot.", 0.5)]
    best, other = rank(found(*both), {"a": article}, WEIGHTS)
    assert (best.text, other.text) == ("Tea is hot.", "Rain fell.")
    assert best.probability + other.probability == pytest.approx(1)
    assert best.probability / other.probability == pytest.approx(exp(best.score - other.score))


def test_equal_scores_stay_in_the_order_found() -> None:
    article = Article("a", "", "One b. Two b. Three b.")
    same = [sentence(article, text) for text in ("Two b.", "One b.")]
    ranked = rank(found(*same), {"a": article}, {})
    assert [item.text for item in ranked] == ["Two b.", "One b."]


@pytest.mark.parametrize(
    ("terms", "share"),
    [({"tea"}, 0.5), ({"tea", "hot", "rain", "more"}, 1.0), (set(), 0.0)],
)
def test_a_term_counts_by_its_weight(terms: set[str], share: float) -> None:
    assert share_of(terms, WEIGHTS) == pytest.approx(share)


def test_a_question_without_terms_is_covered_by_nothing() -> None:
    assert share_of({"tea"}, {}) == 0


def likely(*probabilities: float) -> list[Evidence]:
    """Sentences that have nothing in common, best first."""
    return [
        evidence(f"Sentence{n} alone{n}.", -float(n), probability=probability)
        for n, probability in enumerate(probabilities)
    ]


def test_a_sentence_that_is_surely_the_evidence_is_quoted_alone() -> None:
    ranked = likely(ENOUGH, 1 - ENOUGH)
    assert select(ranked, NO_WEIGHTS, 3) == ranked[:1]


def test_where_nothing_is_enough_all_that_may_be_are_quoted() -> None:
    ranked = likely(1.0, 0.0, 0.0, 0.0)
    assert select(ranked, NO_WEIGHTS, 3, enough=NEVER_ENOUGH) == ranked[:3]


@pytest.mark.parametrize(
    ("best", "question", "leads_back", "want"),
    [
        ("Ada wrote it.", "Who wrote it?", False, ENOUGH),
        ("Ada wrote it.", "Who wrote it?", True, NEVER_ENOUGH),
        ("Ada wrote it.", "How old is Ada?", False, NEVER_ENOUGH),
        ("Ada, 51, wrote it.", "How old is Ada?", False, ENOUGH),
    ],
)
def test_the_answer_to_an_earlier_question_or_to_another_is_not_enough(
    best: str,
    question: str,
    leads_back: bool,  # noqa: FBT001
    want: float,
) -> None:
    ranked = [evidence(best), evidence("Ben is aged 7.")]
    assert enough_for(ranked, question, leads_back=leads_back) == want


def test_where_an_age_is_asked_those_who_are_named_with_one_come_first() -> None:
    """The odds of the first and the second are e to the power of `AGE_WEIGHT` - 2, about 15."""
    ranked = [
        evidence("Ada Moe ran it until 2020.", 2.0),
        evidence("His car is 19 years old.", 1.0),
        evidence("Moe, 51, has left.", 0.0),
    ]
    anew = with_ages(ranked, "How old is Ada Moe?")
    assert [one.score for one in anew] == pytest.approx([AGE_WEIGHT, 2.0, 1.0])
    assert anew[0].text == "Moe, 51, has left."
    assert anew[0].probability / anew[1].probability == pytest.approx(exp(AGE_WEIGHT - 2))
    assert with_ages(ranked, "Who is Ada Moe?") == ranked


def test_where_an_age_of_nobody_named_is_asked_any_age_counts() -> None:
    ranked = [evidence("It is red.", 1.0), evidence("His car is 19 years old.", 0.0)]
    assert with_ages(ranked, "How old is his car?")[0].text == "His car is 19 years old."


def test_sentences_are_quoted_until_the_evidence_is_likely_among_them() -> None:
    """0.5 + 0.3 is not enough, 0.5 + 0.3 + 0.18 is."""
    ranked = likely(0.5, 0.3, 0.18, 0.02)
    assert select(ranked, NO_WEIGHTS, 10) == ranked[:3]


def test_what_matches_the_open_half_of_a_question_comes_before_more_of_the_same() -> None:
    """The last two match 0.8 of one token: what the first has, or what it lacks.

    That gains 0.25 · 0.8 of the question's weight, times `GAIN_WEIGHT` more than the 0.5 between
    their scores.
    """
    first, same, other = (
        replace(evidence(f"Sentence{n} alone{n}.", score, probability=0.3), matches=matches)
        for n, (score, matches) in enumerate(
            [(2.0, row(0.8, 0)), (1.0, row(0.8, 0)), (0.5, row(0, 0.8))]
        )
    )
    assert select([first, same, other], TOKENS, 2) == [first, other]
    assert select([first, same, other], np.zeros(2, np.float32), 2) == [first, same]


def test_no_more_than_the_limit_are_taken() -> None:
    ranked = likely(0.2, 0.2, 0.2, 0.2, 0.2)
    assert select(ranked, NO_WEIGHTS, 3) == ranked[:3]


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
    assert len(select(ranked, NO_WEIGHTS, 3)) == count


def test_a_repetition_leaves_room_for_the_next() -> None:
    ranked = [evidence("Red tea pot."), evidence("Red tea pot!"), evidence("Blue moon car.")]
    assert select(ranked, NO_WEIGHTS, 2) == [ranked[0], ranked[2]]


def test_nothing_found_is_nothing_selected() -> None:
    assert select(rank(found(), {}, WEIGHTS), TOKENS, 3) == []


def test_the_weights_name_every_feature_and_their_recipe() -> None:
    record = json.loads(WEIGHTS_FILE.read_bytes())
    for name in (WITH_LATE, WITHOUT_LATE):
        assert list(record["weights"][name]) == [field.name for field in fields(Features)]
    assert record["made_by"] == "citewire eval train evidence"
    assert record["data"]
