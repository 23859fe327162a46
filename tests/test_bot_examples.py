from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.answer import Answer
from bot.answerer import Question
from bot.examples import MOST, examples, of_headline
from corpus.article import Article
from tests.bot_fakes import answerer, library


def named(title: str, who: str) -> Article:
    """An article whose text has the name inside a sentence."""
    return Article("a", title, f"It is said that {who} did so.")


@pytest.mark.parametrize(
    ("title", "who", "question"),
    [
        ("Orvane trims the Plover's price and adds a bell", "Orvane",
         "Why did Orvane trim the Plover's price?"),
        ("Karelund seeks a small stake in Tillerway", "Karelund",
         "Why did Karelund seek a small stake in Tillerway?"),
        ("Orvane prices the Plover at 21,900 florins, keeps a figure back", "Orvane",
         "Why did Orvane price the Plover at 21,900 florins?"),
        ("Huawei offers Mercedes and Audi a share", "Huawei",
         "Why did Huawei offer Mercedes and Audi a share?"),
        ("US Supreme Court overturns two convictions", "Court",
         "Why did the US Supreme Court overturn two convictions?"),
        ("Ada Moe denies a report", "Moe", "Why did Ada Moe deny a report?"),
        ("Tarnwick switches off its plant – for good", "Tarnwick",
         "Why did Tarnwick switch off its plant?"),
        ("Tarnwick launches T9 chip", "Tarnwick", "Why did Tarnwick launch T9 chip?"),
    ],
)  # fmt: skip
def test_a_headline_makes_questions_on_why_and_when(title: str, who: str, question: str) -> None:
    assert list(of_headline(named(title, who))) == [question, question.replace("Why", "When")]


@pytest.mark.parametrize(
    ("title", "who"),
    [
        pytest.param("Boeing engineers the way home", "Boeing", id="no verb that is known"),
        pytest.param("Cracks breaks the chip", "cracks", id="a capital of the headline only"),
        pytest.param("A price and an opinion", "A", id="no deed"),
        pytest.param("“We keep the habit”: an underwriter", "We", id="a quote"),
        pytest.param("Orvane cuts", "Orvane", id="nothing done"),
        pytest.param(f"Orvane cuts the price of {'many ' * 30}cars", "Orvane", id="too long"),
        pytest.param("多摩川が増水", "多摩川", id="another language"),
        pytest.param("", "x", id="no headline"),
    ],
)
def test_other_headlines_make_none(title: str, who: str) -> None:
    assert list(of_headline(named(title, who))) == []


@pytest.fixture
def articles() -> list[Article]:
    """Six that make questions, the last first."""
    when = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Article(f"{n}.txt", f"Ada{n} cuts tea", f"Tea is what Ada{n} drinks.", published_at=when)
        for n in range(6)
    ]


def saying(tmp_path: Path, articles: list[Article]) -> Answer:
    """An answer to change."""
    return answerer(library(tmp_path / "data", *articles)).ask(Question("tea?"))


def test_only_what_is_answered_from_its_own_article_is_shown(
    tmp_path: Path, articles: list[Article]
) -> None:
    base = saying(tmp_path, articles)
    citation = base.citations[0]

    def ask(question: str) -> Answer:
        number = int(question.split("Ada")[1][0])
        cited = replace(citation, document_id="other" if number == 1 else f"{number}.txt")
        if number == 2 or question.startswith("Why"):
            return replace(base, status="abstained", citations=(cited,))
        return replace(base, status="answered", citations=(cited,))

    assert examples(articles[:4], ask) == ("When did Ada0 cut tea?", "When did Ada3 cut tea?")


def test_what_is_not_answered_is_given_up_soon(tmp_path: Path, articles: list[Article]) -> None:
    base = replace(saying(tmp_path, articles), status="abstained")
    asked: list[str] = []

    def ask(question: str) -> Answer:
        asked.append(question)
        return base

    assert examples(articles * 100, ask) == ()
    assert len(asked) == 48


def test_the_surest_are_shown_in_the_order_of_the_articles(
    tmp_path: Path, articles: list[Article]
) -> None:
    base = saying(tmp_path, articles)
    scores = {0: 0.5, 1: 0.9, 2: 0.8, 3: 0.6, 4: 0.95, 5: 0.4}

    def ask(question: str) -> Answer:
        number = int(question.split("Ada")[1][0])
        cited = replace(base.citations[0], document_id=f"{number}.txt")
        score = replace(base.confidence, score=scores[number] - 0.1 * question.startswith("When"))
        return replace(base, status="answered", citations=(cited,), confidence=score)

    found = examples(articles, ask)
    assert len(found) == MOST
    assert [question[11] for question in found] == ["1", "2", "3", "4"]
    assert all(question.startswith("Why") for question in found)
