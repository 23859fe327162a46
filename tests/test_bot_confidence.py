import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.confidence import (
    PLAIN,
    WEIGHTS_FILE,
    WITH_LATE,
    WITH_READER,
    Signals,
    Weights,
    judge,
    kind_of,
    read_weights,
    signals_of,
)
from bot.errors import ConfidenceUnusable
from bot.presupposed import Presupposed
from bot.reading import PassageRead
from corpus.article import Span
from index.reader import Reading
from tests.bot_fakes import NOTHING_KNOWN, WEIGHTS, evidence

NOTHING = Signals(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("late", "cosine", "want"),
    [
        pytest.param(0.0, 0.0, 0.00091, id="-7: 1 / (1 + e^7) = 1 / (1 + 1096.6)"),
        pytest.param(0.5, 0.8, 0.5, id="-7 + 4.2 + 2.8 = 0"),
        pytest.param(1.0, 1.0, 0.99261, id="-7 + 8.4 + 3.5 = 4.9: 1 / (1 + e^-4.9)"),
    ],
)
def test_confidence_is_the_logistic_function_of_the_weighted_sum(
    late: float, cosine: float, want: float
) -> None:
    signals = replace(NOTHING, late=late, cosine=cosine)
    assert judge(signals, WEIGHTS[WITH_LATE]) == pytest.approx(want, abs=5e-6)


@settings(deadline=None)
@given(st.builds(Signals, *[st.floats(-1e6, 1e6)] * len(fields(Signals))))
def test_it_is_a_probability_whatever_the_signals(signals: Signals) -> None:
    for weights in (*WEIGHTS.values(), *read_weights().values()):
        assert 0 < judge(signals, weights) < 1


def read(row: int, there: float) -> PassageRead:
    """A passage whose answer begins, surely, at its first character."""
    hit = replace(evidence("Tea is hot.").hit, row=row)
    return PassageRead(hit, Reading(there, Span(0, 3), 0.8, (0, 4), (0.75, 0.25)), 0)


def test_the_reader_speaks_of_the_best_sentence_and_of_the_other_passages() -> None:
    """The best sentence is the passage's first 11 characters: 0.75 + 0.25 begin in it."""
    best = evidence("Tea is hot.", features=replace(NOTHING_KNOWN, late=0.5, cosine=0.25))
    signals = signals_of(best, [read(0, 1.0), read(1, 3.0)], [Presupposed("year", "2027")])
    want = Signals(1.0, 2.0, 0.8, 1.0, 0.5, 0.25, 0.0, 1.0, 0.0, 0.0)
    assert signals == want


def test_without_a_reader_its_signals_are_nothing() -> None:
    assert signals_of(evidence("Tea is hot."), [], []) == replace(NOTHING, late=0.0)


def test_the_model_depends_on_what_there_is() -> None:
    assert kind_of(reader=True, late=False) == WITH_READER
    assert kind_of(reader=False, late=True) == WITH_LATE
    assert kind_of(reader=False, late=False) == PLAIN


def test_the_packaged_weights_are_for_signals_that_exist() -> None:
    names = {field.name for field in fields(Signals)}
    models = read_weights()
    assert set(models) == {WITH_READER, WITH_LATE, PLAIN}
    for weights in models.values():
        assert set(weights.signals) <= names
        assert 0 < weights.threshold < 1


@pytest.mark.parametrize("name", ["late", "cosine", "coverage", "there"])
def test_more_of_a_good_sign_never_lowers_it(name: str) -> None:
    for weights in read_weights().values():
        assert weights.signals.get(name, 0.0) >= 0


@pytest.mark.parametrize("content", [None, "no JSON", "{}", '{"models": {"plain": {}}}', "[]"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "weights.json"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(ConfidenceUnusable, match=r"weights\.json.*citewire eval calibrate"):
        read_weights(path)


def test_weights_are_read_as_they_were_written(tmp_path: Path) -> None:
    record = {"intercept": -1, "signals": {"there": 2}, "threshold": 0.4, "calibrated": True}
    path = tmp_path / "weights.json"
    path.write_text(json.dumps({"models": {"plain": record}}), "utf-8")
    assert read_weights(path) == {"plain": Weights(-1.0, {"there": 2.0}, 0.4, calibrated=True)}
    assert WEIGHTS_FILE.is_file()
