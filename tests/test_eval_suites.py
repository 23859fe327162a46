"""Suites: ours, BEIR's, SQuAD's and a user's own."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from corpus.errors import SourceNotFound
from evals.errors import InputUnusable
from evals.suite_beir import load_beir
from evals.suite_squad import load_squad
from evals.suites import load_suite

CONTEXT = "Tea is hot. Whales, says Dr. Moe, are big."
QUESTION = {
    "id": "q",
    "question": "How are whales?",
    "answers": [{"text": "big", "answer_start": 38}],
}


def beir(folder: Path, *, queries: str | None = None, qrels: str = "q1\td1\t1\n") -> Path:
    """A BEIR folder with one document and two queries."""
    lines = [{"_id": "q1", "text": "tea"}, {"_id": "q2", "text": "cars"}]
    text = queries if queries is not None else "\n".join(map(json.dumps, lines))
    (folder / "qrels").mkdir()
    document = {"_id": "d1", "title": "On tea", "text": "Tea is hot."}
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(json.dumps(document).encode()))
    (folder / "queries.jsonl").write_text(text, "utf-8")
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{qrels}", "utf-8")
    return folder


def squad(folder: Path, *questions: object, context: str = CONTEXT) -> Path:
    """A SQuAD file with two paragraphs, the questions on the first."""
    paragraphs = [{"context": context, "qas": questions}, {"context": "Robots.", "qas": []}]
    path = folder / "squad.json"
    path.write_text(json.dumps({"data": [{"title": "A_B", "paragraphs": paragraphs}]}), "utf-8")
    return path


def test_the_bundled_questions_are_whole() -> None:
    """Every gold span exists in its article as it is now, and there are enough of each kind."""
    suite = load_suite("fixed")
    kinds = Counter(case.kind for case in suite.cases)
    assert not suite.stale
    assert len(suite.cases) >= 120
    assert kinds["unanswerable"] >= 35
    assert kinds["follow_up"] >= 15
    assert {"fact", "multi", "corroboration", "conflict", "time"} <= kinds.keys()


def test_beir_judges_documents_and_leaves_out_queries_without_any(tmp_path: Path) -> None:
    suite = load_beir(beir(tmp_path, qrels="q1\td1\t2\nq2\td1\t0\n"))
    assert [(case.id, case.relevant_documents()) for case in suite.cases] == [("q1", {"d1": 2})]
    assert not suite.answers
    assert suite.articles["d1"].title == "On tea"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"queries": '{"_id": "q1"}'}, r"queries\.jsonl:1: text: field required"),
        ({"queries": '{"_id": "q1", "text": "a"}\n' * 2}, r"queries\.jsonl:2: the id 'q1'"),
        ({"qrels": "q1\td1\tmany\n"}, r"test\.tsv:2: not query-id"),
        ({"qrels": "q1 d1 1\n"}, r"test\.tsv:2: not query-id"),
        ({"qrels": "q9\td1\t1\n"}, r"no query 'q9'"),
        ({"qrels": ""}, r"no query has a relevant document"),
    ],
)
def test_what_is_wrong_in_a_beir_folder_is_named(
    tmp_path: Path, files: dict[str, str], reason: str
) -> None:
    with pytest.raises(InputUnusable, match=reason):
        load_beir(beir(tmp_path, **files))


def test_judgements_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    folder = beir(tmp_path)
    (folder / "qrels" / "test.tsv").write_bytes(b"q1\td\xff\t1\n")
    with pytest.raises(InputUnusable, match=r"test\.tsv: .*can't decode"):
        load_beir(folder)


def test_a_beir_folder_without_a_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputUnusable, match=r"there is no corpus\.jsonl"):
        load_beir(tmp_path)


def test_squad_gold_is_the_sentence_and_the_twin_misses_its_paragraph(tmp_path: Path) -> None:
    suite = load_squad(squad(tmp_path, QUESTION))
    assert list(suite.articles) == ["A_B/0", "A_B/1"]
    assert suite.articles["A_B/0"].title == "A B"
    case, twin = suite.cases
    (gold,) = case.gold
    assert CONTEXT[gold.start : gold.end] == "Whales, says Dr. Moe, are big."
    assert case.answers == ("big",)
    assert (twin.id, twin.answerable, twin.hidden) == ("q-twin", False, ("A_B/0",))


def test_squad_answers_are_found_again_where_the_text_was_cleaned(tmp_path: Path) -> None:
    """The blanks at line ends and the soft hyphen before the answer are gone."""
    context = "Tea is\u00ad hot.  \nWhales are big."
    answers = [{"text": "big", "answer_start": context.index("big")}]
    suite = load_squad(squad(tmp_path, QUESTION | {"answers": answers}, context=context))
    (gold,) = suite.cases[0].gold
    assert suite.articles["A_B/0"].text[gold.start : gold.end] == "Whales are big."


def test_an_impossible_question_is_asked_once(tmp_path: Path) -> None:
    question = {"id": "q", "question": "Why?", "answers": [], "is_impossible": True}
    (case,) = load_squad(squad(tmp_path, question)).cases
    assert not case.answerable
    assert not case.hidden


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (QUESTION | {"answers": [{"text": "big", "answer_start": 0}]}, "'big' is not at 0"),
        (QUESTION | {"answers": []}, "has no answer"),
        ({"id": "q"}, r"question: field required"),
    ],
)
def test_what_is_wrong_in_a_squad_file_is_named(
    tmp_path: Path, question: object, reason: str
) -> None:
    with pytest.raises(InputUnusable, match=rf"squad\.json: .*{reason}"):
        load_squad(squad(tmp_path, question))


def test_a_question_asked_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputUnusable, match="the id 'q' is there twice"):
        load_squad(squad(tmp_path, QUESTION, QUESTION))


def test_a_suite_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "tea.txt").write_text("Tea is hot.", "utf-8")
    span = {"document_id": "tea.txt", "start": 0, "end": 11}
    line = {"id": "q", "kind": "fact", "question": "How is tea?", "evidence": [span]}
    (tmp_path / "mine.jsonl").write_text(json.dumps(line), "utf-8")
    suite = load_suite(str(tmp_path / "mine.jsonl"), tmp_path / "in")
    assert (suite.name, len(suite.cases)) == ("file:mine", 1)


def test_a_suite_of_stale_gold_only_has_nothing_to_ask(tmp_path: Path) -> None:
    (tmp_path / "tea.txt").write_text("Tea is hot.", "utf-8")
    span = {"document_id": "tea.txt", "start": 0, "end": 11, "revision": "sha256:before"}
    line = {"id": "q", "kind": "fact", "question": "How is tea?", "evidence": [span]}
    (tmp_path / "mine.jsonl").write_text(json.dumps(line), "utf-8")
    with pytest.raises(InputUnusable, match="all 1 questions have stale gold"):
        load_suite(str(tmp_path / "mine.jsonl"), tmp_path / "tea.txt")


@pytest.mark.parametrize("name", ["mine.jsonl", "beir:", "fixd", "trec:folder"])
def test_a_suite_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputUnusable, match=r"a suite is fixed, beir:DIR"):
        load_suite(name)


def test_a_suite_with_articles_takes_no_others(tmp_path: Path) -> None:
    with pytest.raises(InputUnusable, match="brings its own articles"):
        load_suite("fixed", tmp_path)


def test_a_missing_folder_of_articles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound):
        load_suite("mine.jsonl", tmp_path / "none")


def test_the_hash_of_a_suite_changes_with_its_articles_and_questions(tmp_path: Path) -> None:
    first = load_squad(squad(tmp_path, QUESTION))
    again = load_squad(squad(tmp_path, QUESTION))
    asked_else = load_squad(squad(tmp_path, QUESTION | {"question": "Why?"}))
    told_else = load_squad(squad(tmp_path, QUESTION, context=f"{CONTEXT} So."))
    assert first.sha256 == again.sha256
    assert len({suite.sha256 for suite in (first, asked_else, told_else)}) == 3
