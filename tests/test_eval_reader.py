"""How a reader is made: its examples, and a training so small that it takes seconds."""

import gzip
import json
import logging
import random
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import cast

import pytest

from bot.settings import read_settings
from corpus.article import Article, Span
from corpus.read import Found
from evals.errors import InputUnusable
from evals.reading_examples import (
    Example,
    Maker,
    balanced,
    cut_out,
    in_common,
    read_examples,
    write_examples,
)
from evals.rewording import Thesaurus
from evals.training_sets import Asked, TrainingSet, load_training
from evals.wordnet import WordNet
from index.build import Silent
from index.export import packaged_model
from index.passage_texts import splitter_of
from index.retrieve import ArticleReader, Hit, Retriever
from tests.bot_fakes import library
from tests.fakes import SPLITTER, FakeEncoder
from tests.tiny_wordnet import write_wordnet

TEA = Article("1", "On tea", "Ada Moe made tea in 1999. Tea rain moon.")
WHALE = Article("2", "On whales", "Jo Vask saw a whale, a whale and rain. Whale moon.")


def training(*asked: Asked) -> TrainingSet:
    return TrainingSet("some", "0", (Found(TEA, "", 1), Found(WHALE, "", 2)), asked)


@dataclass(frozen=True)
class FindsNothing:
    """A retriever with its articles."""

    articles: ArticleReader

    def search(self, question: str, limit: int) -> list[Hit]:  # noqa: ARG002
        """Nothing."""
        return []


def made(
    tmp_path: Path, *asked: Asked, seed: int = 1, times: int = 1, finds: bool = True
) -> list[Example]:
    whole = library(tmp_path / "data", TEA, WHALE)
    retriever = whole if finds else cast("Retriever", FindsNothing(whole.articles))
    chance = random.Random(seed)  # noqa: S311  (no secret)
    splitter = splitter_of(FakeEncoder(), SPLITTER)
    pytest.importorskip("safetensors", reason="training needs the extra `export`")
    words = Thesaurus(WordNet(write_wordnet(tmp_path / "wordnet")), packaged_model())
    maker = Maker(words, chance)
    return list(chain(*maker.examples(training(*asked), retriever, splitter, times)))


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


def test_what_search_does_not_find_is_learnt_from_too(tmp_path: Path) -> None:
    """Those questions are the hardest to read."""
    asked = Asked("When was tea made", "1", of("1999", TEA)), Asked("Who made rain?", "1", ())
    some = made(tmp_path, *asked, finds=False)
    assert [some[0].text[a:b] for a, b in some[0].spans] == ["1999"]
    assert "Ada Moe" in some[-1].text
    assert some[-1].spans == ()


def test_no_question_is_made_up_where_half_of_a_set_has_no_answer(tmp_path: Path) -> None:
    """Those that people asked are better; sentences are cut out, and other passages come still."""
    asked = Asked("Was tea made in 1999 by Ada Moe?", "1", of("Ada Moe", TEA))
    other = Asked("Who made the rain?", "1", ())
    for seed in range(20):
        some = made(tmp_path / str(seed), asked, other, seed=seed)
        assert sum("Ada Moe" in one.text and not one.spans for one in some) == 1


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


def test_nothing_is_cut_out_where_the_answer_stays() -> None:
    assert cut_out(Example("What is it?", LONG.text, ((0, 3),))) is None


def test_words_in_common_tell_nothing_of_the_balanced_examples() -> None:
    """Of each share of words in common as many have an answer as not, and those are not others."""
    chance = random.Random(2)  # noqa: S311  (no secret)
    terms = ["tea", "rain", "moon", "car", "bank"]
    some = [
        Example(" ".join(terms[:n]), " ".join(terms[: n - k]), ((0, 1),) * (k < 2))
        for n in range(1, 6)
        for k in range(n + 1)
        for _ in range(n)
    ]
    kept = balanced(some, chance)
    assert set(kept) <= set(some)
    shares: dict[int, list[bool]] = {}
    for one in kept:
        level = min(4, int(in_common(one.question, one.text) * 5))
        shares.setdefault(level, []).append(bool(one.spans))
    assert len(shares) >= 3
    assert all(sum(answered) * 2 == len(answered) for answered in shares.values())


def test_another_question_takes_the_name_of_the_passage(tmp_path: Path) -> None:
    """What was asked of one article is asked of another, and that does not answer it."""
    asked = (
        Asked("When was tea made by Ada?", "1", of("1999", TEA)),
        Asked("What did Jo Vask see?", "2", of("a whale", WHALE)),
    )
    some = [one for seed in range(30) for one in made(tmp_path / f"{seed}", *asked, seed=seed)]
    moved = [one for one in some if "ada" in one.question.lower() and "whale" in one.text]
    assert all(not one.spans for one in some if "whale" not in one.text and "Vask" in one.question)
    assert all(not one.spans for one in moved)


def test_why_is_asked_where_no_reason_is_given(tmp_path: Path) -> None:
    asked = Asked("When did Ada Moe make tea?", "1", of("1999", TEA))
    some = [one for seed in range(40) for one in made(tmp_path / f"{seed}", asked, seed=seed)]
    why = [one for one in some if one.question.lower().startswith("why did")]
    assert why
    assert all(not one.spans for one in why)


def test_a_question_is_used_as_often_as_is_asked_for(tmp_path: Path) -> None:
    asked = Asked("When was tea made", "1", of("1999", TEA))
    some = made(tmp_path, asked, times=4)
    assert sum(bool(one.spans) for one in some) == 4


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
        {"question": "Who is hot?", "answers": [], "is_impossible": True},
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
def test_sets_with_nothing_to_tell_apart_are_refused(
    tmp_path: Path, exported_encoder: Path
) -> None:
    """Rather than make a reader that learnt nothing."""
    pytest.importorskip("torch", reason="training needs the extra `export`")
    from evals.reader_run import Recipe, train_reader

    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps({**LINE, "qas": LINE["qas"][1:]}).encode()))
    settings = read_settings({}, data=tmp_path / "data", models=exported_encoder.parent)
    recipe = replace(Recipe.of([str(path)], [], 1), wordnet=write_wordnet(tmp_path / "wordnet"))
    with pytest.raises(InputUnusable, match="no question with an answer"):
        train_reader(recipe, settings, tmp_path / "work", tmp_path / "reader", Silent())
    assert not (tmp_path / "reader").exists()


@pytest.mark.slow
def test_a_reader_is_trained_taken_up_again_and_read_with(
    exported_encoder: Path, tmp_path: Path
) -> None:
    """Two questions, one step: nothing is learnt, but all of the way is gone."""
    pytest.importorskip("torch", reason="training needs the extra `export`")
    from evals.reader_run import Recipe, train_reader
    from evals.train_reader import CHECKPOINT, SCORES
    from index.reader import RECORD, Reader

    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(LINE).encode()))
    settings = read_settings({}, data=tmp_path / "data", models=exported_encoder.parent)
    work, out = tmp_path / "work", tmp_path / "reader"
    plain = Recipe.of([str(path), f"{path}:1"], ["no such title"], 2)
    recipe = replace(plain, wordnet=write_wordnet(tmp_path / "wordnet"))
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
    more = tmp_path / "more"
    train_reader(replace(recipe, begin=work), settings, more, out, Silent())
    assert json.loads((out / RECORD).read_bytes())["begun_as"]["files"] == record["files"]
    # What began as another is not taken up, though the pairs are the same.
    assert set(train_reader(recipe, settings, more, out, Silent())) == {"loss"}
    with pytest.raises(InputUnusable, match=r"reader\.json"):
        train_reader(replace(recipe, begin=tmp_path), settings, work, out, Silent())
