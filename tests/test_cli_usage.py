"""The commands that need no encoder, and what every command says when it is called wrongly."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.answer import Answer
from bot.answerer import Question
from bot.cli.app import app
from bot.json_lines import to_json
from corpus.article import Article
from tests.bot_fakes import TEA, WHALE, answerer, library, opened, run

COMMANDS = sorted(command.name or "" for command in app.registered_commands)
NEEDS = {"ask": ["tea"], "search": ["tea"], "show": ["x"], "delete": ["x"], "verify": ["x.json"]}
ODD = Article("odd.txt", "A [bold]title[/]", "Text [red]with[/red]\tbrackets.", author="Bo")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env`, no data folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three articles."""
    folder = tmp_path_factory.mktemp("usage") / "data"
    library(folder, TEA, WHALE, ODD)
    return folder


@pytest.fixture
def answer(data: Path) -> Answer:
    """Of that library."""
    return answerer(opened(data)).ask(Question("tea"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    ran = run(command, "--help")
    assert (ran.status, ran.err) == (0, "")
    assert f"Usage: citewire {command}" in ran.out


@pytest.mark.parametrize("arguments", [["--help"], []])
def test_the_program_s_help_names_every_command(arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.status == (0 if arguments else 2)
    for command in COMMANDS:
        assert f" {command} " in ran.out + ran.err


def test_the_version_is_one_line() -> None:
    ran = run("--version")
    assert (ran.status, ran.out.split()[0], ran.out.count("\n")) == (0, "citewire", 1)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["asc"], "No such command 'asc'. Did you mean 'ask'?"),
        (["ask"], "give either a question or --batch FILE"),
        (["ask", "tea", "--batch", "b.jsonl"], "give either a question or --batch FILE"),
        (["search"], "give either a question or --batch FILE"),
        (["search", "tea", "--batch", "-"], "give either a question or --batch FILE"),
        (["ask", "tea", "--citations", "0"], "--citations"),
        (["ask", "tea", "--citations", "11"], "--citations"),
        (["ask", "tea", "--after", "yesterday"], "--after"),
        (["search", "tea", "-k", "0"], "-k"),
        (["search", "tea", "--by", "title"], "--by"),
        (["show"], "ID"),
        (["delete"], "ID"),
        (["verify"], "FILE"),
        (["list", "--colour"], "--colour"),
        (["ask", " \n"], "The question is empty; ask with 1 to 2000 characters."),
        (["ask", "x" * 2001], "The question has 2001 characters"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(
    arguments: list[str], complaint: str
) -> None:
    ran = run(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert complaint in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "command", [name for name in COMMANDS if name not in {"index", "serve", "mcp", "discord"}]
)
def test_without_an_index_every_command_names_the_one_that_makes_it(command: str) -> None:
    ran = run(command, *NEEDS.get(command, []), "--data", "nowhere")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("Error: There is no index in nowhere. Run `citewire index`")
    assert not Path("nowhere").exists()


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "doctor"])
def test_an_unknown_setting_stops_every_command(command: str) -> None:
    ran = run(command, *NEEDS.get(command, []), environment={"CITEWIRE_DATAA": "secret"})
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        "Error: Settings: CITEWIRE_DATAA is no setting of Citewire. The README lists them all.\n"
    )


def test_a_bad_setting_is_named_without_its_value() -> None:
    ran = run("ask", "tea", environment={"CITEWIRE_THRESHOLD": "hunter2"})
    assert ran.status == 2
    assert "CITEWIRE_THRESHOLD: input should be a valid number" in ran.err
    assert "hunter2" not in ran.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_there_for_every_shell(shell: str) -> None:
    ran = run(environment={"_CITEWIRE_COMPLETE": f"source_{shell}"})
    assert (ran.status, ran.err) == (0, "")
    assert "_CITEWIRE_COMPLETE" in ran.out
    assert "citewire" in ran.out


def test_completion_knows_the_commands() -> None:
    environment = {
        "_CITEWIRE_COMPLETE": "complete_bash", "COMP_WORDS": "citewire s", "COMP_CWORD": "1",
    }  # fmt: skip
    ran = run(environment=environment)
    assert ran.out.split() == ["search", "show", "serve"]


def test_a_piped_list_is_a_line_an_article_with_tabs(data: Path) -> None:
    ran = run("list", "--data", str(data))
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "tea.txt\t2026-01-01\tThe Post\tOn tea",
        "whale.txt\t\tSea\tOn whales",
        "odd.txt\t\t\tA [bold]title[/]",
    ]


def test_a_list_as_json_is_a_line_an_article(data: Path) -> None:
    lines = run("list", "--data", str(data), "--json").out.splitlines()
    first = json.loads(lines[0])
    assert len(lines) == 3
    assert (first["id"], first["published_at"]) == ("tea.txt", "2026-01-01T00:00:00+00:00")
    assert first["revision"] == TEA.revision
    assert "text" not in first


def test_an_article_is_shown_as_it_stands(data: Path) -> None:
    assert run("show", "odd.txt", "--data", str(data)).out == (
        "A [bold]title[/]\nBo\n\nText [red]with[/red]�brackets.\n"
    )
    assert run("show", "tea.txt", "--data", str(data)).out.splitlines()[:2] == [
        "On tea",
        "The Post · Ada · 2026-01-01 · https://post.example/tea",
    ]


def test_an_article_as_json_has_the_text_that_citations_point_into(data: Path) -> None:
    record = json.loads(run("show", "odd.txt", "--data", str(data), "--json").out)
    assert (record["text"], record["revision"]) == (ODD.text, ODD.revision)


@pytest.mark.parametrize("name", ["nope", "\x1b[31mred", "\udcff"])
def test_an_unknown_article_is_an_error_that_paints_nothing(name: str, data: Path) -> None:
    ran = run("show", name, "--data", str(data))
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("Error: No article '")
    assert "`citewire list` shows all ids." in ran.err
    assert "\x1b" not in ran.err


def test_saved_answers_are_verified_without_an_encoder(
    answer: Answer, data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_text(to_json(answer, indent=2), encoding="utf-8")
    ran = run("verify", str(path), "--data", str(data))
    assert (ran.status, ran.out, ran.err) == (0, "Verified: 3 citations of 1 answer.\n", "")


def test_a_citation_that_does_not_hold_ends_verify_with_1(
    answer: Answer, data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_text(to_json(answer).replace("Tea moon.", "Tea noon."), encoding="utf-8")
    ran = run("verify", str(path), "--data", str(data))
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("Error: Answer ans_1, citation c")
    assert " of tea.txt: " in ran.err


def test_control_characters_in_a_forged_answer_reach_no_terminal(
    answer: Answer, data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    forged = replace(answer, id="\x1b[31mred\x9b2J")
    path.write_text(to_json(forged).replace("tea.txt", "\\u001b[2J"), encoding="utf-8")
    ran = run("verify", str(path), "--data", str(data))
    assert ran.status == 1
    assert "�[31mred�2J" in ran.err
    assert not {"\x1b", "\x9b"} & set(ran.err)


@pytest.mark.parametrize("content", [b"", b"tea\n", b"\xff", b"{}"])
def test_a_file_without_answers_ends_verify_with_1(
    content: bytes, data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    ran = run("verify", str(path), "--data", str(data))
    assert (ran.status, ran.out) == (1, "")
    assert "Give what `citewire ask --json` or `citewire ask --batch` printed." in ran.err


def test_a_file_that_is_not_there_is_named_once(data: Path) -> None:
    ran = run("verify", "gone.json", "--data", str(data))
    assert ran.status == 1
    assert ran.err.startswith("Error: gone.json: No such file or directory. Give")


def test_a_source_that_is_not_there_is_named_and_nothing_is_made() -> None:
    ran = run("index", "nowhere", "--data", "new")
    assert (ran.status, ran.out) == (1, "")
    assert "no file or folder at nowhere" in ran.err
    assert not Path("new").exists()


def test_dates_in_the_list_are_the_day_in_utc(tmp_path: Path) -> None:
    late = replace(TEA, published_at=datetime(2026, 1, 1, 23, 59, tzinfo=UTC))
    library(tmp_path / "data", late)
    assert "\t2026-01-01\t" in run("list", "--data", "data").out
