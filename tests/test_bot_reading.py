from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from bot.evidence import Evidence
from bot.reading import READ, PassageRead, read_best, reordered
from bot.short_answer import short_answer
from corpus.article import Article, Passage, Span
from index.reader import Reading
from index.retrieve import Hit
from tests.bot_fakes import NOTHING_KNOWN, evidence

ARTICLE = Article("tea.txt", "On tea", "Tea is hot. It costs 3 florins. Whales are big.")


def sentence(text: str, row: int, *, score: float = 1.0) -> Evidence:
    """A sentence of `ARTICLE` as if its passage were all of the article."""
    start = ARTICLE.text.index(text)
    hit = Hit(row, Passage(ARTICLE.id, 0, len(ARTICLE.text), 0), score, 0.0, 0.0)
    return replace(evidence(text, score, article=ARTICLE.id, start=start), hit=hit)


@dataclass
class FakeReader:
    """Finds the word `found` where it is in a text, and nothing elsewhere."""

    found: str
    sure: float = 0.9
    seen: list[str] = field(default_factory=list)

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """Read."""
        self.seen += [question, *texts]
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Reading:
        start = text.find(self.found)
        span = Span(max(start, 0), max(start, 0) + len(self.found))
        return Reading(4.0 if start >= 0 else -4.0, span, self.sure, (span.start,), (1.0,))


def reads(found: str, ranked: Sequence[Evidence], sure: float = 0.9) -> tuple[PassageRead, ...]:
    return read_best(FakeReader(found, sure), "q", ranked, {ARTICLE.id: ARTICLE})


def test_each_passage_is_read_once_with_its_title_the_best_first() -> None:
    reader = FakeReader("hot")
    ranked = [sentence("Tea is hot.", row) for row in (3, 3, *range(10, 20))]
    found = read_best(reader, "what is hot", ranked, {ARTICLE.id: ARTICLE})
    assert reader.seen == ["what is hot", *[f"On tea\n{ARTICLE.text}"] * READ]
    assert [one.hit.row for one in found] == [3, 10, 11, 12][:READ]


def test_what_was_read_has_its_place_in_the_article() -> None:
    (one,) = reads("3 florins", [sentence("Tea is hot.", 0)])
    assert ARTICLE.text[one.span.start : one.span.end] == "3 florins"
    assert one.begins_in(Span(12, 31)) == 1.0
    assert one.begins_in(Span(0, 11)) == 0.0


def test_the_sentence_with_the_answer_comes_first() -> None:
    """0.1 + 1 / (1 + e^-4) = 1.0820, its logarithm 0.0788; that of 0.1 is -2.3026."""
    ranked = [sentence("Tea is hot.", 0, score=2.0), sentence("It costs 3 florins.", 0, score=1.5)]
    first, second = reordered(ranked, reads("3 florins", ranked))
    assert first.text == "It costs 3 florins."
    assert first.score == pytest.approx(1.5 + 0.0788, abs=1e-4)
    assert second.score == pytest.approx(2.0 - 2.3026, abs=1e-4)
    assert first.probability + second.probability == pytest.approx(1.0)


def test_without_a_reader_nothing_moves() -> None:
    ranked = [sentence("Tea is hot.", 0), sentence("It costs 3 florins.", 0)]
    assert reordered(ranked, ()) == ranked


def short(question: str, found: str, *cited: str, sure: float = 0.9) -> str | None:
    some = [sentence(text, 0) for text in cited]
    (read,) = reads(found, some[:1], sure)
    return short_answer(question, read, some)


COSTS = "It costs 3 florins."


def test_the_words_of_a_cited_sentence_are_given() -> None:
    assert short("What does it cost?", "3 florins.", COSTS) == "3 florins"
    assert short("What does it cost?", "3 florins", "Tea is hot.", COSTS) == "3 florins"


def test_sure_words_are_none_where_the_passage_may_not_answer() -> None:
    """At a logit of 0 it does in one case of two: 0.9 · 0.5 is too little."""
    some = [sentence(COSTS, 0)]
    (read,) = reads("3 florins", some)
    doubted = replace(read, reading=replace(read.reading, there=0.0))
    assert doubted.reading.probability == 0.5
    assert short_answer("What does it cost?", doubted, some) is None


@pytest.mark.parametrize(
    ("question", "found", "cited", "sure"),
    [
        pytest.param("What does it cost?", "3 florins", COSTS, 0.2, id="not sure of the words"),
        pytest.param("What does it cost?", "3 florins", "Tea is hot.", 0.9, id="not cited"),
        pytest.param("When is it hot?", "hot", "Tea is hot.", 0.9, id="no time"),
        pytest.param("Is tea hot?", "hot", "Tea is hot.", 0.9, id="yes would answer"),
        pytest.param("What is that?", ".", "Tea is hot.", 0.9, id="no word"),
    ],
)
def test_there_is_none_where_it_is_not_plain(
    question: str, found: str, cited: str, sure: float
) -> None:
    assert short(question, found, cited, sure=sure) is None


def test_features_are_untouched() -> None:
    ranked = [sentence("Tea is hot.", 0)]
    assert reordered(ranked, reads("hot", ranked))[0].features == NOTHING_KNOWN
