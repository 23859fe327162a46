"""What is learned: the sets it is learned from, the codec and the weights of evidence."""

import gzip
import json
from dataclasses import fields
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bot.evidence import Features
from corpus.article import Span
from evals.errors import InputUnusable
from evals.train_evidence import SENTENCE, Choice, fit
from evals.training_sets import Asked, load_training
from index.build import Silent
from tests.bot_fakes import run

CONTEXT = "Tea is hot. Whales are big."
LINE = {
    "title": "On_tea",
    "context": CONTEXT,
    "qas": [
        {"question": "What is hot?", "answers": [{"text": "Tea", "start": 0}]},
        {"question": "Who is not?", "answers": [], "is_impossible": True},
        {"question": "What is big?", "answers": [{"text": "Cars", "start": 12}]},
    ],
}


def answered(**place: int) -> dict[str, object]:
    """A question whose answer is there."""
    return {"qas": [{"question": "q", "answers": [place]}]}


def written(folder: Path, *lines: object) -> Path:
    """A training set with these lines; a string as it stands."""
    path = folder / "some.jsonl.gz"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_bytes(gzip.compress("\n".join(texts).encode()))
    return path


def test_a_paragraph_is_an_article_and_unanswered_questions_are_left_out(tmp_path: Path) -> None:
    """`Cars` is not at 12, so that question has no evidence that could be learned from."""
    (training,) = load_training([written(tmp_path, LINE, "")])
    assert training.name == "some"
    assert [(f.article.title, f.article.text) for f in training.found] == [("On tea", CONTEXT)]
    assert training.asked == (Asked("What is hot?", "1", (Span(0, 3),)),)


def test_a_line_may_ask_about_a_paragraph_of_another_file(tmp_path: Path) -> None:
    """So questions of ours can be kept where the text that they ask about can't be."""
    texts = written(tmp_path, LINE)
    ours = tmp_path / "ours.jsonl"
    questions = [
        {"question": "What has warmth?", "answers": [{"start": 0, "end": 3}]},
        {"question": "How hot is it?", "answers": []},
    ]
    sha = sha256(CONTEXT.encode()).hexdigest()
    ours.write_text(json.dumps({"title": "", "paragraph": sha, "qas": questions}), "utf-8")
    (training, _) = load_training([ours, texts], unanswerable=True)
    assert training.name == "ours"
    assert [f.article.text for f in training.found] == [CONTEXT]
    spans = [(one.question, one.spans) for one in training.asked]
    assert spans == [("What has warmth?", (Span(0, 3),)), ("How hot is it?", ())]
    with pytest.raises(InputUnusable, match="Name that file too"):
        load_training([ours])


def test_damaged_gzip_data_is_named(tmp_path: Path) -> None:
    whole = written(tmp_path, LINE)
    raw = bytearray(whole.read_bytes())
    raw[20] ^= 0xFF
    whole.write_bytes(raw)
    with pytest.raises(InputUnusable, match=r"some\.jsonl\.gz"):
        load_training([whole])


def test_a_stretch_answers_when_it_shares_a_character_with_the_answer() -> None:
    asked = Asked("q", "a", (Span(4, 8),))
    assert asked.answered_by("a", 7, 20)
    assert not asked.answered_by("a", 8, 20)
    assert not asked.answered_by("b", 7, 20)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((LINE, "{oops"), r"some\.jsonl\.gz:2: .*invalid JSON"),
        ((LINE, {"title": "x"}), r"some\.jsonl\.gz:2: qas: field required"),
        ((LINE, {"title": "x", "qas": []}), r"some\.jsonl\.gz:2: .*either `context` or"),
        ((LINE | {"paragraph": "ab12"},), r"some\.jsonl\.gz:1: .*either `context` or"),
        (
            (LINE, {"title": "x", "qas": [], "paragraph": "ab12", "source": "squad"}),
            r"some\.jsonl\.gz:2: no file that was named has its paragraph ab12 of squad",
        ),
        ((LINE | answered(start=5),), r"some\.jsonl\.gz:1: .*either `text` or `end`"),
        ((LINE | answered(start=5, end=5),), r"some\.jsonl\.gz:1: .*`end` is not after"),
        ((LINE | answered(start=-1, end=5),), r"some\.jsonl\.gz:1: .*start: .*greater"),
        ((LINE | answered(start=9, end=99),), r"some\.jsonl\.gz:1: an answer ends behind"),
        ((LINE | answered(start=98, end=99),), r"some\.jsonl\.gz:1: an answer ends behind"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, lines: tuple[object, ...], reason: str) -> None:
    with pytest.raises(InputUnusable, match=reason):
        load_training([written(tmp_path, *lines)])


def test_what_is_no_training_set_ends_with_status_2(tmp_path: Path) -> None:
    pytest.importorskip("ir_measures", reason="no wheel for this machine")
    (tmp_path / "x.jsonl.gz").write_text("no gzip", "utf-8")
    ran = run("eval", "train", "evidence", str(tmp_path / "x.jsonl.gz"))
    assert ran.status == 2
    assert "x.jsonl.gz" in ran.err


def choice(right: int, *rows: float) -> Choice:
    """Sentences that differ in `late` only."""
    features = np.zeros((len(rows), len(fields(Features))))
    features[:, 0] = rows
    return Choice(features, np.arange(len(rows)) == right)


def test_a_feature_that_tells_gets_weight_and_one_that_does_not_gets_none() -> None:
    weights, first = fit([choice(0, 0.9, 0.1), choice(1, 0.2, 0.8), choice(0, 0.4, 0.3)])
    assert first == 1
    assert weights["late"] > 1
    assert weights["coverage"] == 0
    assert weights["sentence"] == SENTENCE


def test_a_feature_that_misleads_gets_weight_against_it() -> None:
    assert fit([choice(1, 0.9, 0.1), choice(1, 0.8, 0.2)])[0]["late"] < 0


@pytest.mark.slow
def test_the_codec_learns_what_tells_an_answer_from_its_neighbours(exported_encoder: Path) -> None:
    """Of three sentences of one passage each question wants one; ten times over it knows them."""
    pytest.importorskip("torch", reason="only who trains needs it")
    from evals.train_codec import Example, Passages, train
    from index.encoder import OnnxEncoder, PassageText
    from index.late_interaction import (
        PassageTokens,
        QuestionTokens,
        TokenCodec,
        matches,
        pca_codec,
        unit,
    )

    encoder = OnnxEncoder(exported_encoder)
    parts = ["The tea is green.", "The whale is blue.", "The car is red."]
    text = " ".join(parts)
    starts = [text.index(part) for part in parts]
    spans = tuple(Span(a, a + len(p)) for a, p in zip(starts, parts, strict=True))
    passages = Passages(encoder)
    row = passages.row(PassageText(text, spans))
    asked = ["Which colour has the hot drink?", "What shade is the animal?", "How does it drive?"]
    vectors = [unit(encoder.token_vectors(question)[0]) for question in asked]
    examples = [
        Example(
            vector,
            np.ones(len(vector), np.float32),
            (row,),
            np.zeros(1, np.float32),
            (tuple(i == wanted for i in range(3)),),
        )
        for wanted, vector in enumerate(vectors)
    ]
    before = pca_codec(passages.vectors[0].astype(np.float32))
    after = train(examples * 100, passages, Silent())

    def surprise(codec: TokenCodec) -> float:
        """How far the right sentence is from being the best match, mean over the questions."""
        total = 0.0
        counts = tuple(b - a for a, b in pairwise(passages.borders[0]))
        tokens = PassageTokens(codec.encode(passages.vectors[0].astype(np.float32)), counts)
        for wanted, vector in enumerate(vectors):
            question = QuestionTokens(codec.reduce(vector), np.ones(len(vector), np.float32), ())
            means = matches(question, [tokens], codec)[0].mean(axis=1)
            total += float(means.max() - means[wanted])
        return total

    assert surprise(after) <= surprise(before)
    assert surprise(after) == pytest.approx(0, abs=0.02)
