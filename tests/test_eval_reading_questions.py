"""The questions that the reader learns from, as they are kept."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from evals.training_sets import load_training

FOLDER = Path(__file__).parents[1] / "evals" / "reading"
NEWS, WIKIPEDIA = FOLDER / "news.jsonl", FOLDER / "wikipedia.jsonl"
KINDS = {True: set("wyritp"), False: set("wyodef")}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


@pytest.mark.parametrize("path", [NEWS, WIKIPEDIA], ids=lambda path: path.stem)
def test_each_passage_has_questions_of_both_sorts(path: Path) -> None:
    """And each is asked once, and of a kind that the README tells of."""
    for line in lines(path):
        asked = [one["question"] for one in line["qas"]]
        assert len(asked) == len(set(asked))
        kinds = [(bool(one["answers"]), one["kind"]) for one in line["qas"]]
        assert {answered for answered, _ in kinds} == {True, False}
        assert all(kind in KINDS[answered] for answered, kind in kinds)


def test_no_answer_of_the_invented_news_is_left_out() -> None:
    """As it would be, did the text not have it in its place once it is read."""
    (training,) = load_training([NEWS], unanswerable=True)
    kept = [bool(one.spans) for one in training.asked]
    assert kept == [bool(one["answers"]) for line in lines(NEWS) for one in line["qas"]]
    assert all(found.article.title for found in training.found)


def test_what_others_wrote_is_named_and_not_kept() -> None:
    for line in lines(WIKIPEDIA):
        assert set(line) == {"title", "paragraph", "source", "qas"}
        assert re.fullmatch(r"[0-9a-f]{64}", line["paragraph"])
        for one in line["qas"]:
            assert all(set(answer) == {"start", "end"} for answer in one["answers"])
            assert all(0 <= answer["start"] < answer["end"] for answer in one["answers"])


@pytest.mark.parametrize("path", [NEWS, WIKIPEDIA], ids=lambda path: path.stem)
def test_no_bundled_question_is_among_them(path: Path) -> None:
    tested = lines(FOLDER.parent / "questions" / "articles.jsonl")
    learnt = {one["question"].casefold() for line in lines(path) for one in line["qas"]}
    assert not learnt & {one["question"].casefold() for one in tested}
