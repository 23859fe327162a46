"""A grid of settings over a suite small enough to count its passages by hand."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bot.settings import Settings, read_settings
from corpus.article import Article
from evals.cases import Case
from evals.errors import InputUnusable
from evals.runs import Figure
from evals.suites import Suite
from evals.sweep import Grid, Point, Sweep, _ranked, sweep, write_sweep
from evals.sweep_inputs import read_grid
from evals.sweep_tables import sweep_tables
from index.build import Silent
from tests.bot_fakes import run
from tests.eval_fakes import gold, outcome, run_of, suite_of
from tests.fakes import FakeEncoder

pytest.importorskip("ir_measures", reason="no wheel for this machine")

# Four sentences of eight words.
LONG = Article(
    "long.txt",
    "",
    "Tea tea tea tea tea tea tea tea. Car car car car car car car car. "
    "Moon moon moon moon moon moon moon moon. Rain rain rain rain rain rain rain rain.",
)
GRID = Grid((16, 32), (0, 1), (0.4, 0.8))


def encoder() -> FakeEncoder:
    """One whose window has room for a title and a passage."""
    made = FakeEncoder()
    made.spec = replace(made.spec, max_tokens=128)
    return made


def suite() -> Suite:
    """Two questions about four sentences."""
    moon = Case(id="moon", kind="fact", text="moon", gold=(gold(LONG, LONG.text[66:106]),))
    none = Case(id="none", kind="unanswerable", text="whale")
    return suite_of(moon, none, articles=(LONG,))


def settings(data: Path) -> Settings:
    """Those of a data folder, and no others."""
    return read_settings({}, data=data)


def test_every_text_is_embedded_once(tmp_path: Path) -> None:
    """2 + 1 + 1 + 0 texts are new.

    16 tokens: two passages of two sentences; with overlap the second begins a sentence earlier,
    and the first is the same. 32 tokens: one passage, and nothing to overlap.
    """
    one = encoder()
    found = sweep(suite(), settings(tmp_path), GRID, one, Silent())
    assert found.embedded == 4
    assert len(one.seen) == len(set(one.seen)) == 4
    tried = {
        (p.setup.splitter["passage_tokens"], p.setup.splitter["overlap_sentences"]): p
        for p in found.points
    }
    assert {key: point.setup.passages for key, point in tried.items()} == {
        (16, 0): 2, (16, 1): 2, (32, 0): 1, (32, 1): 1
    }  # fmt: skip


def test_a_second_sweep_embeds_nothing_and_finds_the_same(tmp_path: Path) -> None:
    first = sweep(suite(), settings(tmp_path), GRID, encoder(), Silent())
    again = encoder()
    second = sweep(suite(), settings(tmp_path), GRID, again, Silent())
    assert again.seen == []
    assert second.points == first.points


def test_a_new_setting_embeds_only_new_texts(tmp_path: Path) -> None:
    sweep(suite(), settings(tmp_path), replace(GRID, passage_tokens=(16,)), encoder(), Silent())
    wider = encoder()
    sweep(suite(), settings(tmp_path), GRID, wider, Silent())
    assert wider.seen == [LONG.text]


def test_damaged_vectors_are_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "evals" / "small" / "sweep"
    folder.mkdir(parents=True)
    (folder / "embeddings.sqlite").write_bytes(b"no database" * 1000)
    assert len(sweep(suite(), settings(tmp_path), GRID, encoder(), Silent()).points) == 8


def test_without_an_answerable_question_there_is_nothing_to_rank_by(tmp_path: Path) -> None:
    hopeless = replace(suite(), cases=suite().cases[1:])
    with pytest.raises(InputUnusable, match="nothing to rank by"):
        sweep(hopeless, settings(tmp_path), GRID, encoder(), Silent())


def test_an_answer_is_made_of_as_many_passages_as_asked(tmp_path: Path) -> None:
    """Two passages of 16 tokens; the gold "moon" is in the second, which is found first."""
    grid = Grid((16,), (0,), (0.8,), (1, 5))
    found = sweep(suite(), settings(tmp_path), grid, encoder(), Silent())
    assert len(found.points) == len(grid) == 2
    assert {point.setup.answer_passages for point in found.points} == {1, 5}
    assert found.embedded == 2


def test_every_setting_is_tried_with_each_other(tmp_path: Path) -> None:
    found = sweep(suite(), settings(tmp_path), GRID, encoder(), Silent())
    assert len(found.points) == len(GRID) == 8
    assert {point.setup.words_weight for point in found.points} == {0.4, 0.8}
    assert {point.setup.settings["passage_tokens"] for point in found.points} == {16, 32}
    assert found.ranked_by == "evidence_first"
    one = found.points[0].figure("evidence_first")
    assert one is not None
    assert (one.value, one.n) == (1, 1)


def test_where_only_documents_are_judged_they_rank(tmp_path: Path) -> None:
    case = Case(id="q", kind="query", text="moon", grades=((LONG.id, 1),))
    documents = suite_of(case, articles=(LONG,), answers=False)
    found = sweep(documents, settings(tmp_path), GRID, encoder(), Silent())
    assert found.ranked_by == "document_ndcg@10"
    assert all(point.figure("evidence_first") is None for point in found.points)


def test_the_best_comes_first_with_p_of_the_others() -> None:
    """Six questions right against none: 2 · 0.5^6 = 0.03125. Ties keep their order."""
    rows = [[0.0] * 6, [1.0] * 6, [1.0] * 6]
    tried = []
    for place, row in enumerate(rows):
        outcomes = [outcome(f"{n}", {"evidence_first": value}) for n, value in enumerate(row)]
        made = run_of(*outcomes)
        tried.append((Point(replace(made.setup, words_weight=place), made.figures), outcomes))
    ranked = list(_ranked(tried, "evidence_first"))
    assert [point.setup.words_weight for point in ranked] == [1, 2, 0]
    assert [point.p for point in ranked] == [None, 1, pytest.approx(0.03125)]


def test_graded_scores_are_compared_by_the_bootstrap() -> None:
    """Every question is worse by a half, so every resample is: the least p there is."""
    tried = []
    for value in (1.0, 0.5):
        outcomes = [outcome(f"{n}", {"document_ndcg@10": value}) for n in range(6)]
        made = run_of(*outcomes)
        tried.append((Point(made.setup, made.figures), outcomes))
    assert list(_ranked(tried, "document_ndcg@10"))[1].p == pytest.approx(0.001, rel=0.1)


def _shown(found: Sweep, width: int) -> str:
    file = io.StringIO()
    Console(width=width, file=file).print(sweep_tables(found, settings(Path("data")), width))
    return file.getvalue()


def test_the_plot_draws_intervals_on_one_scale() -> None:
    """From 0 to 1 in 33 columns: 0.5 is in the middle, column 16."""

    def point(low: float, value: float, high: float, tokens: int) -> Point:
        figure = Figure("evidence_first", "all", value, low, high, 4)
        splitter = {"passage_tokens": tokens, "overlap_sentences": 0}
        return Point(replace(run_of().setup, splitter=splitter), (figure,), 0.5)

    points = (point(0.5, 0.75, 1.0, 128), point(0.0, 0.5, 0.75, 16))
    found = Sweep(
        format=1, suite="small", ranked_by="evidence_first", grid=GRID, began_at="", platform="",
        embedded=0, points=points,
    )  # fmt: skip
    first, second = _shown(found, 128).splitlines()[-2:]
    assert "now  " + " " * 16 + "─" * 8 + "●" + "─" * 8 in first
    assert "─" * 16 + "●" + "─" * 8 in second
    assert "now" not in second
    assert "●" not in _shown(found, 100)


def test_all_settings_are_written(tmp_path: Path) -> None:
    found = sweep(suite(), settings(tmp_path), GRID, encoder(), Silent())
    write_sweep(found, tmp_path / "out" / "sweep.json")
    record = json.loads((tmp_path / "out" / "sweep.json").read_text("utf-8"))
    assert record["grid"]["words_weights"] == [0.4, 0.8]
    assert record["points"][0]["setup"]["encoder"]["model"] == "fake"
    assert record["points"][0]["p"] is None


def test_a_passage_that_does_not_fit_the_window_is_refused(tmp_path: Path) -> None:
    """128 tokens, less 32 of the title, a line end and two of the encoder's own."""
    for size in (94, 15):
        with pytest.raises(InputUnusable, match=f"{size}: from 16 to 93 fit"):
            sweep(suite(), settings(tmp_path), Grid((size,), (0,), (1,)), encoder(), Silent())


def test_lists_of_numbers_are_read_once_each() -> None:
    assert read_grid("96,128,96", "0", "0.4, 1", "3,5") == Grid((96, 128), (0,), (0.4, 1.0), (3, 5))


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--passage-tokens", "96,", "no list of numbers"),
        ("--overlap", "one", "no list of numbers"),
        ("--overlap", "-1", "from 0 to 10 can be tried"),
        ("--words-weight", "nan", "from 0 to 100 can be tried"),
        ("--passages", "101", "from 0 to 100 can be tried"),
        ("--suite", "none.jsonl", "a suite is fixed"),
    ],
)
def test_what_can_not_be_tried_gets_status_2(option: str, value: str, reason: str) -> None:
    ran = run("eval", "sweep", f"{option}={value}")
    assert ran.status == 2
    assert reason in ran.err


def test_options_before_the_command_are_not_lost_without_a_word() -> None:
    ran = run("eval", "--suite", "squad:none.json", "sweep")
    assert ran.status == 2
    assert "write options after `sweep`" in ran.err


@pytest.mark.slow
def test_a_sweep_as_it_is_typed(tmp_path: Path, exported_encoder: Path) -> None:
    options = ("--limit", "2", "--passage-tokens", "128", "--overlap", "0", "--words-weight", "0.8")
    ran = run(
        "eval", "sweep", *options, "--data", str(tmp_path), "--out", str(tmp_path / "out"),
        environment={"CITEWIRE_MODELS": str(exported_encoder.parent)},
    )  # fmt: skip
    assert ran.status == 0
    assert "Best first by evidence cited first" in ran.out
    assert "now" in ran.out.splitlines()[-1]
    assert (tmp_path / "out" / "sweep.json").is_file()
