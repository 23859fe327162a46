"""Questions drafted in a dialogue, typed and piped."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from evals.cases import Gold
from evals.drafting import (
    Draft,
    Drafts,
    Refused,
    Sentence,
    answer_of,
    folded,
    gold_of,
    kind_of,
    open_drafts,
    question_of,
)
from evals.errors import InputUnusable
from evals.new_questions import Session
from evals.suites import load_suite
from tests.bot_fakes import TEA, Ran, run

pytest.importorskip("ir_measures", reason="no wheel for this machine")

TEXTS = {"tea.txt": "Tea is hot. Tea is brown.", "whale.txt": "Whales sing. Whales dive deep."}
# Sentences of two articles, as if both were shown.
SHOWN = [Sentence("a", 0, 5, "One."), Sentence("a", 6, 9, "Two."), Sentence("b", 0, 7, "Three.")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two articles of one passage each."""
    (tmp_path / "in").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "in" / name).write_text(text, "utf-8")
    return tmp_path


def piped(folder: Path, *typed: str, search: str = "tea") -> Ran:
    """Run the command with these lines, and then no more."""
    options = ("--corpus", str(folder / "in"), "--out", str(folder / "mine.jsonl"))
    stdin = "".join(f"{line}\n" for line in typed).encode()
    return run("eval", "new", *options, "--search", search, stdin=stdin)


def lines(folder: Path) -> list[dict[str, object]]:
    """What was saved."""
    text = (folder / "mine.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_question_is_saved_and_can_be_asked(folder: Path) -> None:
    ran = piped(folder, "Which colour has tea?", "fact", "2", "brown")
    assert ran.status == 0
    assert "  1 Tea is hot.\n  2 Tea is brown.\n" in ran.out
    assert "Saved as q1." in ran.out
    (line,) = lines(folder)
    assert (line["id"], line["kind"], line["answer"]) == ("q1", "fact", "brown")
    suite = load_suite(str(folder / "mine.jsonl"), folder / "in")
    (case,) = suite.cases
    assert case.text == "Which colour has tea?"
    assert case.gold == (Gold("tea.txt", 12, 25),)  # "Tea is hot. " has 12 characters
    assert case.answers == ("brown",)


def test_an_unanswerable_question_needs_a_reason(folder: Path) -> None:
    ran = piped(folder, "Who makes tea?", "unanswerable", "", "not-reported")
    assert "A reason, please" in ran.out
    (case,) = load_suite(str(folder / "mine.jsonl"), folder / "in").cases
    assert (case.kind, case.why, case.answerable) == ("unanswerable", "not-reported", False)


def test_what_is_half_typed_is_not_saved(folder: Path) -> None:
    ran = piped(folder, "Is tea hot?", "", "1", "hot", "Which whale?", "fact")
    assert ran.status == 0
    assert "1 questions in" in ran.out
    assert [line["question"] for line in lines(folder)] == ["Is tea hot?"]


def test_nothing_typed_makes_no_file(folder: Path) -> None:
    assert piped(folder).status == 0
    assert not (folder / "mine.jsonl").exists()


def test_each_question_is_on_the_disk_before_the_next_is_asked(folder: Path) -> None:
    typed = iter(["Is tea hot?", "", "1", "hot"])
    seen = []

    def read(_: str) -> str:
        for line in typed:
            return line
        seen.append(len(lines(folder)))
        raise KeyboardInterrupt

    drafts = open_drafts(folder / "in", folder / "mine.jsonl", "tea", 1)
    Session(drafts, Console(quiet=True), read).run()
    assert seen == [1]


def test_ids_go_on_and_an_unfinished_last_line_is_finished(folder: Path) -> None:
    piped(folder, "Is tea hot?", "", "1", "")
    path = folder / "mine.jsonl"
    path.write_text(path.read_text("utf-8").rstrip("\n"), "utf-8")
    piped(folder, "Is tea brown?", "", "2", "")
    assert [line["id"] for line in lines(folder)] == ["q1", "q2"]


def test_an_id_that_is_taken_is_not_used_again(folder: Path) -> None:
    piped(folder, "Is tea hot?", "", "1", "")
    path = folder / "mine.jsonl"
    path.write_text(path.read_text("utf-8").replace('"q1"', '"q2"'), "utf-8")
    piped(folder, "Is tea brown?", "", "2", "")
    assert [line["id"] for line in lines(folder)] == ["q2", "q3"]


def test_what_was_asked_before_is_refused(folder: Path) -> None:
    piped(folder, "Is tea hot?", "", "1", "")
    ran = piped(folder, "is  TEA hot", "/quit")
    assert "This was asked before." in ran.out
    assert len(lines(folder)) == 1


def test_back_goes_a_step_back_and_then_a_passage(folder: Path) -> None:
    """The kind is asked for again; at the question, the passage before is shown."""
    typed = ("Is it so?", "unans", "/back", "", "1", "", "/back", "Is tea brown?", "", "2", "")
    ran = piped(folder, *typed)
    assert [line["kind"] for line in lines(folder)] == ["fact", "fact"]
    assert ran.out.count("1 Tea is hot.") == 2
    cases = load_suite(str(folder / "mine.jsonl"), folder / "in").cases
    assert [case.gold[0].start for case in cases] == [0, 12]


def test_skip_and_search_show_other_passages(folder: Path) -> None:
    ran = piped(folder, "/skip", "/search brown", "/search asteroid", "/nonsense", "/quit")
    titles = [line for line in ran.out.splitlines() if line.endswith("txt)")]
    assert [line.split()[-1] for line in titles] == ["(tea.txt)", "(whale.txt)", "(tea.txt)"]
    assert "No other passage says this." in ran.out


def test_after_the_last_passage_it_ends(folder: Path) -> None:
    assert "That was the last passage." in piped(folder, "/skip", "/skip").out


def test_a_question_on_two_articles_gets_gold_from_both(folder: Path) -> None:
    typed = ("What is brown and what sings?", "multi", "2", "/more whales", "2, 3", "")
    ran = piped(folder, *typed)
    assert "needs two articles" in ran.out
    assert "  3 Whales sing." in ran.out
    (case,) = load_suite(str(folder / "mine.jsonl"), folder / "in").cases
    assert case.gold == (Gold("tea.txt", 12, 25, 0), Gold("whale.txt", 0, 12, 1))


def test_passages_with_a_question_come_last(folder: Path) -> None:
    piped(folder, "Is tea hot?", "", "1", "")
    for seed in range(5):
        drafts = open_drafts(folder / "in", folder / "mine.jsonl", None, seed)
        assert [passage.article_id for passage in drafts.passages] == ["whale.txt", "tea.txt"]


def test_a_seed_gives_the_same_order_each_time(folder: Path) -> None:
    def order(seed: int) -> list[str]:
        drafts = open_drafts(folder / "in", folder / "mine.jsonl", None, seed)
        return [passage.article_id for passage in drafts.passages]

    assert order(3) == order(3)
    assert len({tuple(order(seed)) for seed in range(20)}) == 2


def test_a_file_of_something_else_is_left_alone(folder: Path) -> None:
    (folder / "mine.jsonl").write_text("{}\n", "utf-8")
    ran = piped(folder, "Is tea hot?", "", "1", "")
    assert ran.status == 2
    assert "mine.jsonl:1: id: field required" in ran.err
    assert (folder / "mine.jsonl").read_text("utf-8") == "{}\n"


def test_a_file_that_can_not_be_written_is_named(folder: Path) -> None:
    (folder / "mine.jsonl").mkdir()
    ran = piped(folder, "Is tea hot?", "", "1", "")
    assert ran.status == 2
    assert "mine.jsonl: Is a directory" in ran.err
    with pytest.raises(InputUnusable, match=r"tea\.txt"):
        open_drafts(folder / "in", folder / "in" / "tea.txt" / "mine.jsonl", None, 1)


def test_where_there_is_nothing_to_ask_about_the_status_is_2(folder: Path) -> None:
    (folder / "none").mkdir()
    with pytest.raises(InputUnusable, match="no article in it"):
        open_drafts(folder / "none", folder / "mine.jsonl", None, 1)
    assert piped(folder, search="asteroid").status == 2


@pytest.mark.parametrize(
    ("typed", "want"),
    [
        pytest.param("2", [("a", 6, 9, 0)], id="a sentence"),
        pytest.param("1-2", [("a", 0, 9, 0)], id="a stretch is one span"),
        pytest.param("1 | 3", [("a", 0, 5, 0), ("b", 0, 7, 0)], id="alternatives are one group"),
        pytest.param("1, 3", [("a", 0, 5, 0), ("b", 0, 7, 1)], id="both needed are two groups"),
    ],
)
def test_gold_is_typed_as_numbers(typed: str, want: list[tuple[str, int, int, int]]) -> None:
    assert gold_of(typed, SHOWN, "fact") == tuple(Gold(*one) for one in want)


@pytest.mark.parametrize("typed", ["", "x", "0", "4", "2-1", "2-3", "1,", "²", "1 2"])
def test_other_gold_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        gold_of(typed, SHOWN, "fact")


def test_a_kind_may_be_typed_by_its_beginning() -> None:
    assert [kind_of(typed) for typed in ("", "t", "MU", "conf")] == [
        "fact", "time", "multi", "conflict"
    ]  # fmt: skip
    for typed in ("co", "follow_up", "x"):
        with pytest.raises(Refused):
            kind_of(typed)


def test_an_answer_must_stand_in_the_gold() -> None:
    """Tea car. is the first sentence of TEA: characters 0 to 8."""
    gold = [Gold(TEA.id, 0, 8)]
    assert answer_of("the Car", gold, {TEA.id: TEA}) == "the Car"
    assert answer_of("", gold, {TEA.id: TEA}) == ""
    for typed in ("moon", "ca", "the", "?"):
        with pytest.raises(Refused):
            answer_of(typed, gold, {TEA.id: TEA})


def test_a_question_has_words_and_a_limit() -> None:
    for typed in ("", "x" * 2001):
        with pytest.raises(Refused):
            question_of(typed, set())
    assert folded("???") != folded("!!!")


@pytest.fixture
def written(folder: Path) -> Drafts:
    """A file with a question in Japanese."""
    drafts = open_drafts(folder / "in", folder / "deep" / "mine.jsonl", None, 1)
    drafts.add(Draft(text="お茶は熱い？", kind="unanswerable", why="other"))
    return drafts


def test_a_folder_is_made_and_any_script_is_kept(written: Drafts) -> None:
    assert "お茶は熱い？" in written.file.read_text("utf-8")
