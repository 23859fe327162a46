"""What the benchmark measures, on what, and what it refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import Settings, read_settings
from corpus.article import Article
from evals.benchmark_contenders import PLAIN_SCRIPT, missing_for_plain_script
from evals.benchmark_errors import BenchmarkFailed
from evals.benchmark_inputs import draw_questions, prepare, write_texts
from evals.benchmark_processes import Memory, environment_of, read_memory, run_python

SENTENCES = [f"The robot number {n} drank its tea." for n in range(10)]
ROBOTS = Article("robots", "Robots", " ".join(SENTENCES))


def lines_of(article: Article) -> list[str]:
    """A passage a line, with the title."""
    return [f"{article.title}\n{line}" for line in article.text.splitlines()]


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Three articles; a.txt and b.txt have two lines of text, c.txt one."""
    folder = tmp_path / "articles"
    folder.mkdir()
    text = "The whale swam under a pale moon.\n\nIt rained on every car in town.\n"
    for name in ("a", "b"):
        (folder / f"{name}.txt").write_text(f"Title {name}\n\n{text}")
    (folder / "c.txt").write_text("Title c\n\nOnly one line is in here, they say.\n")
    return folder


def test_questions_are_the_same_every_time() -> None:
    assert draw_questions([ROBOTS], 4) == draw_questions([ROBOTS], 4)


def test_questions_are_different_sentences_of_the_articles() -> None:
    drawn = draw_questions([ROBOTS, ROBOTS], 100)
    assert sorted(drawn) == SENTENCES


def test_headings_and_endless_sentences_are_no_questions() -> None:
    article = Article("a", "A", f"Only four words here\n{'word ' * 31}\nThese are just five words.")
    assert draw_questions([article], 10) == ("These are just five words.",)


def test_a_whole_collection_is_measured_where_it_lies(collection: Path, tmp_path: Path) -> None:
    inputs = prepare(collection, tmp_path, lines_of, passages=None, questions=2)
    assert inputs.source == collection
    assert inputs.articles == 3
    assert len([text for text in inputs.passages if text.startswith("Title a\n")]) >= 2
    assert len(inputs.questions) == 2


def test_a_shortened_collection_has_whole_articles(collection: Path, tmp_path: Path) -> None:
    """One passage is wanted: the first article has it, and comes with all of its own."""
    whole = prepare(collection, tmp_path, lines_of, passages=None, questions=1)
    inputs = prepare(collection, tmp_path, lines_of, passages=1, questions=1)
    assert inputs.articles == 1
    assert inputs.passages == tuple(text for text in whole.passages if "Title a" in text)
    assert inputs.source.name == "articles.jsonl"


def test_a_collection_without_a_sentence_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BenchmarkFailed, match="no article"):
        prepare(tmp_path / "empty", tmp_path, lines_of, passages=None, questions=1)


def test_every_reader_splits_the_written_texts_alike(tmp_path: Path) -> None:
    """U+2028 and U+0085 end lines for some readers and not for others."""
    texts = ["one\u2028line", "two\n\x85lines", "“three”"]
    lines = write_texts(tmp_path / "t.jsonl", texts).read_bytes().splitlines()
    assert [json.loads(line)["text"] for line in lines] == texts


def test_memory_is_read_in_mebibytes() -> None:
    """2048 kB are 2 MiB, 5120 kB are 5."""
    status = "Name:\tx\nVmHWM:\t    5120 kB\nVmRSS:\t    2048 kB\n"
    assert read_memory(status) == Memory(resident=2.0, peak=5.0)


def test_a_system_without_proc_has_no_figure_of_memory() -> None:
    assert read_memory("") is None


def test_a_measured_process_gets_our_settings_and_no_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CITEWIRE_THRESHOLD", "0.9")
    monkeypatch.setenv("OTHER", "kept")
    environment = environment_of(
        Settings.model_validate({"models": tmp_path, "passage_tokens": 64})
    )
    ours = {name: v for name, v in environment.items() if name.startswith("CITEWIRE_")}
    assert ours["CITEWIRE_MODELS"] == str(tmp_path)
    assert ours["CITEWIRE_PASSAGE_TOKENS"] == "64"
    assert "CITEWIRE_THRESHOLD" not in ours
    assert environment["OTHER"] == "kept"


def test_a_process_that_fails_is_named_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkFailed, match=r"It: exit status 1: ValueError: no such luck\."):
        run_python("It", ["-c", "raise ValueError('no such luck')"], folder=tmp_path,
                   environment=os.environ)  # fmt: skip


def test_a_process_that_prints_nothing_failed(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkFailed, match="printed nothing"):
        run_python("It", ["-c", ""], folder=tmp_path, environment=os.environ)


def test_a_process_does_not_import_what_lies_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    done = run_python("It", ["-c", "import json; print(json.dumps(1))"], folder=tmp_path,
                      environment=os.environ)  # fmt: skip
    assert done.last_line == "1"
    assert done.seconds > 0


def test_what_the_script_needs_and_does_not_find_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "torch" else name)
    assert missing_for_plain_script() == ("torch",)


def test_the_script_stays_plain() -> None:
    """It is what people write: no more than it takes, and nothing of ours."""
    source = PLAIN_SCRIPT.read_text()
    assert len(source.splitlines()) < 60
    assert not any(f"from {ours}" in source for ours in ("bot", "corpus", "evals", "index"))


def citewire(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-c", "from bot.cli import main; main()", "benchmark"]
    return subprocess.run(
        [*command, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--runs", "0"], id="no run"),
        pytest.param(["--build-runs", "0"], id="no build"),
        pytest.param(["--questions", "0"], id="no question"),
        pytest.param(["--passages", "-1"], id="fewer than no passage"),
        pytest.param(["--keep", "full"], id="a folder with files in it"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_done(
    arguments: list[str], tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    done = citewire(*arguments, folder=tmp_path)
    assert done.returncode == 2, done.stderr
    assert arguments[0] in done.stderr
    assert done.stdout == ""


def test_naming_the_command_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, evals.commands; "
        "print([n for n in ('torch', 'faiss', 'onnxruntime', 'numpy') if n in sys.modules])"
    )
    done = run_python("It", ["-c", code], folder=tmp_path, environment=os.environ)
    assert done.last_line == "[]"


@pytest.mark.slow
def test_a_benchmark_reports_every_figure_of_both(collection: Path, tmp_path: Path) -> None:
    """Its shape: how fast a machine is, is no test's business."""
    if missing := missing_for_plain_script():
        pytest.skip(f"not installed: {', '.join(missing)}")
    done = citewire(
        "--articles", str(collection), "--runs", "1", "--build-runs", "1", "--questions", "2",
        "--keep", "kept", "--json", folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    figures = {figure["key"]: figure for figure in record["figures"]}
    assert figures.keys() >= {
        "build", "embedding", "question_p50", "question_p95", "answer_p50", "answer_p95",
        "question_cpu_p50", "answer_cpu_p50", "first_answer",
    }  # fmt: skip
    assert all(len(f["ours"]) == len(f["theirs"]) == 1 for f in figures.values())
    assert all(f["advantage"]["median"] > 0 for f in figures.values())
    assert record["setting"]["articles"] == 3
    assert record["setting"]["questions"] == 2
    assert record["export_s"] > 0
    assert "torch" in record["imports"]["Plain script"]
    assert record["imports"]["Citewire"] == []
    assert (tmp_path / "kept" / "plain.faiss").is_file()
    assert (tmp_path / "kept" / "data" / "CURRENT").is_file()


def test_a_measured_process_reads_the_settings_that_it_is_given() -> None:
    settings = read_settings({}, origins="https://a.example,https://b.example", passage_tokens=64)
    given = {k: v for k, v in environment_of(settings).items() if k.startswith("CITEWIRE_")}
    assert read_settings(given) == settings
