"""Asking, searching and talking over the bundled articles, in this process."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bot_fakes import Ran, run

pytestmark = pytest.mark.slow

QUESTION = "How much is Huawei's smart car unit worth?"
FILE = "real/huawei-audi-mercedes-stake-talks.md"
Cli = Callable[..., Ran]


@pytest.fixture(scope="module")
def cli(exported_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """Run a command over the index of the bundled articles."""
    data = tmp_path_factory.mktemp("bundled") / "data"
    environment = {"CITEWIRE_MODELS": str(exported_encoder.parent), "CITEWIRE_DATA": str(data)}
    assert run("index", environment=environment).status == 0

    def call(*arguments: str | Path, stdin: bytes = b"") -> Ran:
        return run(*map(str, arguments), stdin=stdin, environment=environment)

    return call


def test_a_question_gets_the_sentence_that_answers_from_the_right_file(cli: Cli) -> None:
    ran = cli("ask", QUESTION)
    assert (ran.status, ran.err) == (0, "")
    assert re.match(r".*is valued at \$28 billion to \$35 billion\. \[1\]", ran.out)
    assert f"\n    {FILE}\n" in ran.out
    assert "\x1b" not in ran.out


def test_what_the_articles_do_not_answer_is_refused_with_status_0(cli: Cli) -> None:
    ran = cli("ask", "Who won the 2022 World Cup?")
    assert (ran.status, ran.err) == (0, "")
    reason = "What comes closest says nothing about 2022 or World Cup."
    told = f"The articles do not seem to answer this question. {reason}\n\n[1] "
    assert ran.out.startswith(told)
    assert "\nClosest articles\n" in ran.out


def test_an_answer_as_json_can_be_verified(cli: Cli, tmp_path: Path) -> None:
    ran = cli("ask", QUESTION, "--json", "--citations", "1")
    record = json.loads(ran.out)
    assert (record["status"], len(record["citations"])) == ("answered", 1)
    assert re.fullmatch("ans_[0-9a-f]{24}", record["id"])
    path = tmp_path / "a.json"
    path.write_text(ran.out, encoding="utf-8")
    assert cli("verify", path).out == "Verified: 1 citation of 1 answer.\n"


@pytest.mark.parametrize(
    ("options", "sources"),
    [
        (["--source", "the dunmere ledger"], {"The Dunmere Ledger"}),
        (["--source", "The Dunmere Ledger", "--source", "NOBODY"], {"The Dunmere Ledger"}),
        (["--after", "2026-06-01", "--before", "2026-06-06"], {"Quillhaven Evening Post"}),
        (["--before", "2024-10-18T00:00:00"], {"Harbour & Motor Weekly"}),
        (["--document", FILE], {"Citewire demo collection"}),
    ],
)
def test_filters_are_obeyed(options: list[str], sources: set[str], cli: Cli) -> None:
    record = json.loads(cli("ask", "What did the company announce?", "--json", *options).out)
    assert {document["source"] for document in record["documents"]} == sources
    ranked = json.loads(cli("search", "company", "--json", *options).out)["hits"]
    assert {hit["document_id"] for hit in ranked} >= {d["id"] for d in record["documents"]}


def test_filters_that_leave_nothing_say_so(cli: Cli) -> None:
    ran = cli("ask", QUESTION, "--source", "Nobody \udcff")
    assert (ran.status, ran.out.strip()) == (0, "No article passes the filters.")


BATCH = b"""{"id": "1", "question": "How much is Huawei's smart car unit worth?"}

no json
{"_id": 2, "question": "Who won the 2022 World Cup?"}
{"id": "3"}
{"id": "4", "question": " "}
{"id": "5", "question": "And its price?", "history": [
{"id": "6", "question": "And the Plover?", "history": [{"role": "user", "content": "What does the Heron cost?"}]}
{"id": "\\u0000\\u2028\xc2\x85", "question": "\\u001b[31m\\u0000 \xf0\x9f\x9a\x97?"}
\xff\xfe
"""  # noqa: E501


@pytest.mark.parametrize("source", ["-", "file"])
def test_a_batch_goes_on_after_bad_lines_and_names_them(
    source: str, cli: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "b.jsonl"
    path.write_bytes(BATCH)
    ran = cli("ask", "--batch", "-", stdin=BATCH) if source == "-" else cli("ask", "--batch", path)
    name = "-" if source == "-" else str(path)
    records = [json.loads(line) for line in ran.out.split("\n") if line]
    assert [record["id"] for record in records] == ["1", "2", "4", "6", "\x00\u2028\x85"]
    assert [record.get("answer", {}).get("status") for record in records[:3]] == [
        "answered", "abstained", None,
    ]  # fmt: skip
    assert records[2] == {
        "id": "4",
        "error": "The question is empty; ask with 1 to 2000 characters.",
    }
    assert records[3]["answer"]["standalone_question"] == ("What does the Plover cost?")
    complaints = ran.err.splitlines()
    assert [line.removeprefix(name).split(" ")[0] for line in complaints[:-1]] == [
        f":{number}:" for number in (3, 5, 6, 7, 10)
    ]
    assert (ran.status, complaints[-1]) == (1, "5 lines could not be used.")
    saved = tmp_path / "answers.jsonl"
    saved.write_text(ran.out, encoding="utf-8")
    assert re.fullmatch(r"Verified: \d+ citations of 4 answers\.\n", cli("verify", saved).out)


def test_a_good_batch_ends_with_0_and_says_nothing(cli: Cli) -> None:
    ran = cli("ask", "--batch", "-", stdin=b'{"id": 1, "question": "What is a Plover?"}\n')
    assert (ran.status, ran.err, ran.out.count("\n")) == (0, "", 1)


def test_a_batch_that_is_not_there_is_named(cli: Cli, tmp_path: Path) -> None:
    ran = cli("ask", "--batch", tmp_path / "gone.jsonl")
    assert (ran.status, ran.out) == (1, "")
    assert f"{tmp_path / 'gone.jsonl'}" in ran.err


def test_a_search_ranks_passages(cli: Cli) -> None:
    ran = cli("search", "price of the Plover", "-k", "2")
    assert (ran.status, ran.err) == (0, "")
    assert re.match(
        r"  1 Orvane .*  \d\.\d{3}\n    industry/orvane-plover-.*\.md \[\d+, \d+\)\n    \w", ran.out
    )
    assert len(re.findall(r"^  [12] ", ran.out, re.MULTILINE)) == 2


def test_a_search_as_json_gives_exact_slices(cli: Cli) -> None:
    record = json.loads(cli("search", "Plover", "--json", "-k", "3").out)
    assert (record["query"], len(record["hits"])) == ("Plover", 3)
    scores = [hit["score"] for hit in record["hits"]]
    assert scores == sorted(scores, reverse=True)
    hit = record["hits"][0]
    article = json.loads(cli("show", hit["document_id"], "--json").out)
    assert article["text"][hit["start"] : hit["end"]] == hit["text"]


def test_a_search_by_document_names_each_article_once(cli: Cli) -> None:
    record = json.loads(cli("search", "car", "--json", "-k", "100", "--by", "document").out)
    names = [hit["document_id"] for hit in record["hits"]]
    assert (len(names), len(set(names))) == (16, 16)


def test_a_search_batch_takes_the_benchmarks_names(cli: Cli) -> None:
    lines = b'{"_id": 1, "text": "Plover"}\n{"_id": "b", "query": "Heron"}\n{"_id": "c"}\n'
    ran = cli("search", "--batch", "-", "-k", "1", "--by", "document", stdin=lines)
    records = [json.loads(line) for line in ran.out.splitlines()]
    assert [(record["id"], len(record["hits"])) for record in records] == [("1", 1), ("b", 1)]
    assert list(records[0]["hits"][0]) == ["document_id", "start", "end", "text", "score"]
    assert (ran.status, ran.err.splitlines()[-1]) == (1, "1 line could not be used.")


@pytest.mark.parametrize("end", [b"", b"/quit\nnever\n", b"/exit\n"])
def test_a_conversation_is_followed(end: bytes, cli: Cli) -> None:
    lines = b"What does the Plover cost?\n\nAnd when was it launched?\n/new\n/what [b]\n"
    ran = cli("chat", stdin=lines + end)
    assert ran.status == 0
    assert ran.err.startswith("16 articles. /new begins anew, /quit or Ctrl-D ends.\n")
    assert "Searched: When was the Plover launched?\n" in ran.err
    assert "No command /what [b]; there are /new and /quit.\n" in ran.err
    assert ran.out.count("\nSources\n") + ran.out.count("\nClosest articles\n") == 2


def test_a_misspelt_question_is_put_right_and_told(cli: Cli) -> None:
    typed = "how much capitol do the two put into tillerway"
    meant = typed.replace("capitol", "capital")
    ran = cli("ask", typed)
    assert ran.err == f"Searched: {meant}\n"
    record = json.loads(cli("ask", typed, "--json").out)
    assert (record["question"], record["standalone_question"]) == (typed, meant)
    assert any("1.8 billion" in citation["cited_text"] for citation in record["citations"])


def test_a_new_conversation_forgets_the_old(cli: Cli) -> None:
    ran = cli("chat", stdin=b"What does the Plover cost?\n/new\nAnd when was it launched?\n")
    assert "Searched:" not in ran.err


def test_a_conversation_survives_what_can_t_be_asked(cli: Cli) -> None:
    """Too long, not UTF-8, control characters: each is answered or refused, none ends it."""
    lines = b"x" * 2001 + b"\nWhat is \xff\x1b[31m tea?\nWhat does the Plover cost?\n"
    ran = cli("chat", stdin=lines)
    assert ran.status == 0
    assert "The question has 2001 characters" in ran.err
    assert "\x1b" not in ran.out + ran.err
    assert ran.out.count("confidence ") == 2


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("tea \udcff?", id="an argument that is not UTF-8"),
        pytest.param("\x1b[31m\x07\x9b2J tea\x7f?", id="control characters"),
        pytest.param('"quoted" AND (tea OR *) -car title:x ^2 ~', id="query syntax"),
        pytest.param("[bold]tea[/] [/nope]", id="markup"),
        pytest.param("茶" * 500, id="Chinese"),
        pytest.param("🚗", id="an emoji"),
        pytest.param("-- tea", id="dashes"),
    ],
)
def test_any_question_is_taken_and_its_json_is_valid(command: str, text: str, cli: Cli) -> None:
    ran = cli(command, "--json", "--", text)
    assert (ran.status, ran.err) == (0, "")
    asked = json.loads(ran.out)["question" if command == "ask" else "query"]
    assert asked == text.replace("\udcff", "\ufffd")
    plain = cli(command, "--", text)
    assert (plain.status, plain.err) == (0, "")
    assert "\x1b" not in plain.out
