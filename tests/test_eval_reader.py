"""How a reader is made: its examples, and a training so small that it takes seconds."""

import gzip
import json
import logging
import random
from itertools import chain
from pathlib import Path

import pytest

from bot.settings import read_settings
from corpus.article import Article, Span
from corpus.read import Found
from evals.reading_examples import (
    Example,
    cut_out,
    read_examples,
    reading_examples,
    with_less_in_common,
    write_examples,
)
from evals.training_sets import Asked, TrainingSet, load_training
from index.passage_texts import splitter_of
from tests.bot_fakes import library
from tests.fakes import SPLITTER, FakeEncoder

TEA = Article("1", "On tea", "Ada Moe made tea in 1999. Tea rain moon.")
WHALE = Article("2", "On whales", "Jo Vask saw a whale, a whale and rain. Whale moon.")


def training(*asked: Asked) -> TrainingSet:
    return TrainingSet("some", "0", (Found(TEA, "", 1), Found(WHALE, "", 2)), asked)


def made(tmp_path: Path, *asked: Asked, seed: int = 1) -> list[Example]:
    retriever = library(tmp_path / "data", TEA, WHALE)
    chance = random.Random(seed)  # noqa: S311  (no secret)
    splitter = splitter_of(FakeEncoder(), SPLITTER)
    return list(chain(*reading_examples(training(*asked), retriever, splitter, chance)))


def of(words: str, article: Article) -> tuple[Span, ...]:
    at = article.text.index(words)
    return (Span(at, at + len(words)),)


def test_an_answered_question_comes_with_the_passage_that_answers(tmp_path: Path) -> None:
    asked = Asked("When was tea made", "1", of("1999", TEA))
    for seed in range(8):
        first = made(tmp_path / str(seed), asked, seed=seed)[0]
        assert [first.text[a:b] for a, b in first.spans] == ["1999"]


def test_every_other_example_has_no_answer_in_it(tmp_path: Path) -> None:
    """Among them are passages of other articles and questions with a changed year."""
    asked = Asked("Was tea made in 1999 by Ada Moe?", "1", of("Ada Moe", TEA))
    others = [one for seed in range(40) for one in made(tmp_path / str(seed), asked, seed=seed)[1:]]
    assert all(not one.spans for one in others)
    assert any("whale" in one.text for one in others)
    changed = [one for one in others if "Ada Moe" in one.text]
    assert changed
    assert all("1999" not in one.question for one in changed)


def test_a_question_without_an_answer_comes_with_its_own_article(tmp_path: Path) -> None:
    (one,) = made(tmp_path, Asked("Who made the rain?", "1", ()))
    assert one.spans == ()
    assert "Ada Moe" in one.text


LONG = Article(
    "1",
    "On tea",
    "Tea rain moon car bank tea rain. Ada Moe made tea. Whale moon car bank whale rain tea. Moon.",
)


def test_the_passage_without_the_sentence_that_answers_is_no_answer() -> None:
    """Word for word what is left: it shares most words with the question, and not the answer."""
    at = LONG.text.index("Ada Moe")
    rest = cut_out(Example("Who made tea?", LONG.text, ((at, at + 7), (at, at + 16))))
    assert rest == "Tea rain moon car bank tea rain. Whale moon car bank whale rain tea. Moon."


def test_nothing_iscut_out_where_the_answer_stays() -> None:
    assert cut_out(Example("What is it?", LONG.text, ((0, 3),))) is None


def test_a_question_may_lose_words_that_the_passage_has() -> None:
    chance = random.Random(1)  # noqa: S311  (no secret)
    one = Example("Who saw whale and car and moon there?", LONG.text, ((0, 3),))
    fewer = with_less_in_common(one, chance).question
    assert 1 <= len({"whale", "car", "moon"} - set(fewer.split())) <= 2
    assert {"Who", "saw", "there?"} <= set(fewer.split())


def test_a_seed_gives_the_same_examples(tmp_path: Path) -> None:
    asked = Asked("When was tea made", "1", of("1999", TEA))
    assert made(tmp_path / "a", asked, seed=3) == made(tmp_path / "b", asked, seed=3)


def test_examples_are_read_as_they_were_written(tmp_path: Path) -> None:
    some = [Example("Wer?", "Ä\u2028b", ((0, 1), (2, 3))), Example("x", "y", ())]
    write_examples(some, tmp_path / "x.jsonl")
    assert read_examples(tmp_path / "x.jsonl") == some


LINE = {
    "title": "wikipedia:16016",
    "context": "Tea is hot.",
    "qas": [
        {"question": "What is hot?", "answers": [{"text": "Tea", "start": 0}]},
        {"question": "Who is not?", "answers": [], "is_impossible": True},
    ],
}


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("wikipedia:16016", ""),
        ("Amazon_rainforest", "Amazon rainforest"),
        ("a-fairy-tale", "a fairy tale"),
        ("Jean-Luc Moe", "Jean-Luc Moe"),
    ],
)
def test_unanswerable_questions_are_learnt_from_and_ids_are_no_titles(
    tmp_path: Path, title: str, told: str
) -> None:
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(LINE | {"title": title}).encode()))
    (some,) = load_training([path], unanswerable=True)
    assert [one.article.title for one in some.found] == [told]
    assert [one.spans for one in some.asked] == [(Span(0, 3),), ()]


@pytest.mark.slow
def test_a_reader_is_trained_taken_up_again_and_read_with(
    exported_encoder: Path, tmp_path: Path
) -> None:
    """Two questions, one step: nothing is learnt, but all of the way is gone."""
    pytest.importorskip("torch", reason="training needs the extra `export`")
    from evals.reader_run import Recipe, train_reader
    from evals.train_reader import CHECKPOINT, SCORES
    from index.build import Silent
    from index.reader import RECORD, Reader

    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(LINE).encode()))
    settings = read_settings({}, data=tmp_path / "data", models=exported_encoder.parent)
    work, out = tmp_path / "work", tmp_path / "reader"
    recipe = Recipe.of([str(path), f"{path}:1"], ["no such title"])
    assert [source.most for source in recipe.sources] == [None, 1]
    level = logging.getLogger().level
    first = train_reader(recipe, settings, work, out, Silent())
    assert logging.getLogger().level == level
    assert (work / CHECKPOINT).is_file()
    log = (work / SCORES).read_text("utf-8")
    again = train_reader(recipe, settings, work, out, Silent())
    assert (work / SCORES).read_text("utf-8") == log  # all steps were done
    assert again == {}
    assert set(first) == {"loss"}
    record = json.loads((out / RECORD).read_bytes())
    assert [one["name"] for one in record["data"]] == ["x", "x"]
    (reading,) = Reader(out).read("What is hot?", ["Tea is hot."])
    assert 0 <= reading.span.start < reading.span.end <= 11
