import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answer import Answer
from bot.answerer import Question
from bot.conversation import Turn
from bot.errors import AnswersUnreadable
from bot.json_lines import Asked, BadLine, hit_record, read_answers, read_batch, to_json, to_record
from corpus.article import Passage
from index.retrieve import Hit
from tests.bot_fakes import TEA, answerer, library


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    retriever = library(tmp_path_factory.mktemp("library") / "data", TEA)
    return answerer(retriever).ask(Question("tea"))


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ('{"id": "q", "question": "Tea?"}', Asked("q", "Tea?", (), 1)),
        ('{"_id": "q", "text": "Tea?"}', Asked("q", "Tea?", (), 1)),
        ('{"_id": "q", "query": "Tea?", "more": [1]}', Asked("q", "Tea?", (), 1)),
        ('{"id": 7, "question": "Tea?"}', Asked("7", "Tea?", (), 1)),
        ('{"id": 0, "question": ""}', Asked("0", "", (), 1)),
        (' {"id": "", "question": "茶?"} \r\n', Asked("", "茶?", (), 1)),
        (
            '{"id": "q", "question": "Why?", "history": [{"role": "user", "content": "Tea?"}]}',
            Asked("q", "Why?", (Turn("user", "Tea?"),), 1),
        ),
    ],
)
def test_a_line_becomes_a_question(line: str, asked: Asked) -> None:
    assert list(read_batch([line])) == [asked]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "Invalid JSON"),
        ("tea", "Invalid JSON"),
        ('{"id": "q", "question": "\\ud800"}', "Invalid JSON"),
        ("[" * 10_000, "Invalid JSON"),
        ("[]", "object"),
        ("null", "object"),
        ('{"question": "Tea?"}', "id: Field required"),
        ('{"id": null, "question": "Tea?"}', "id: "),
        ('{"id": true, "question": "Tea?"}', "id: "),
        ('{"id": "q"}', "question: Field required"),
        ('{"id": "q", "question": ["Tea?"]}', "question: "),
        ('{"id": "q", "question": "Tea?", "history": "no"}', "history: "),
        (
            '{"id": "q", "question": "Tea?", "history": [{"role": "system", "content": "x"}]}',
            "history.0.role: ",
        ),
    ],
)
def test_a_line_that_can_t_be_used_is_named_and_the_next_is_read(line: str, reason: str) -> None:
    bad, good = read_batch([line, '{"id": "q", "question": "Tea?"}'])
    assert isinstance(bad, BadLine)
    assert bad.line == 1
    assert reason in bad.reason
    assert good == Asked("q", "Tea?", (), 2)


def test_blank_lines_are_passed_over_but_counted() -> None:
    lines = ["\n", "  \n", '{"id": 1, "question": "Tea?"}\n', "\n", "x\n"]
    assert [item.line for item in read_batch(lines)] == [3, 5]


def test_lines_are_read_one_at_a_time() -> None:
    lines = iter(['{"id": 1, "question": "Tea?"}', '{"id": 2, "question": "Rain?"}'])
    next(read_batch(lines))
    assert json.loads(next(lines))["id"] == 2


@settings(deadline=None)
@given(st.text())
def test_no_line_is_too_strange(line: str) -> None:
    assert len(list(read_batch([line]))) == bool(line.strip())


def test_a_hit_s_record_has_the_fields_of_a_search() -> None:
    hit = Hit(3, Passage("tea.txt", 9, 18, 1), 0.12345678, 0.5, 0.5)
    assert list(hit_record(hit, "Tea moon.").items()) == [
        ("document_id", "tea.txt"), ("start", 9), ("end", 18), ("text", "Tea moon."),
        ("score", 0.123457),
    ]  # fmt: skip


@settings(deadline=None)
@given(st.text())
def test_any_question_makes_json_that_reads_back(text: str) -> None:
    """Whatever the question holds: control characters, line ends of other systems, quotes."""
    record = json.loads(json.dumps({"question": text}, ensure_ascii=False))
    assert record["question"] == text


def saved(path: Path, *records: object) -> Path:
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_one_pretty_answer_is_read(answer: Answer, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(to_json(answer, indent=2), encoding="utf-8")
    assert list(read_answers(path)) == [answer]


def test_lines_of_answers_are_read(answer: Answer, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jsonl", to_record(answer), to_record(answer))
    assert list(read_answers(path)) == [answer, answer]


def test_a_batch_s_output_is_read_and_its_errors_passed_over(
    answer: Answer, tmp_path: Path
) -> None:
    path = saved(
        tmp_path / "a.jsonl",
        {"id": "1", "answer": to_record(answer)},
        {"id": "2", "error": "The question is empty."},
        {"id": "3", "answer": to_record(answer)},
    )
    assert list(read_answers(path)) == [answer, answer]


@pytest.mark.parametrize("odd", ["\u2028", "\x85", "\x0b", "\x1c", "\r", "\x00", '"', "\\"])
def test_a_question_with_any_line_end_is_read_back(
    odd: str, answer: Answer, tmp_path: Path
) -> None:
    strange = replace(answer, question=f"a{odd}b")
    path = saved(tmp_path / "a.jsonl", to_record(strange), to_record(strange))
    assert list(read_answers(path)) == [strange, strange]


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        pytest.param(b"", None, "no answer in it", id="empty"),
        pytest.param(b" \n\n", None, "no answer in it", id="blank"),
        pytest.param(b'{"id": 1, "error": "x"}\n', None, "no answer in it", id="only errors"),
        pytest.param(b"\xff\xfe", None, "not UTF-8", id="another encoding"),
        pytest.param(b"tea\n", 1, "not valid JSON", id="not JSON"),
        pytest.param(b'{"id": 1, "error": "x"}\n\nno\n', 3, "not valid JSON", id="third line"),
        pytest.param(b"[]", None, "no answer object", id="a list"),
        pytest.param(b"3", None, "no answer object", id="a number"),
        pytest.param(b'{"answer": {}}', None, "no answer object (id: ", id="an empty answer"),
        pytest.param(b"[" * 100_000, 1, "not valid JSON", id="too deep"),
        pytest.param(b"9" * 5000, 1, "not valid JSON", id="too long a number"),
    ],
)
def test_another_file_is_refused_with_its_line(
    content: bytes, line: int | None, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(AnswersUnreadable) as caught:
        list(read_answers(path))
    assert caught.value.line == line
    assert reason in caught.value.reason
    assert str(caught.value).startswith(f"{path}:{line}: " if line else f"{path}: ")


@pytest.mark.parametrize(
    ("name", "reason"), [("none", "No such file or directory"), (".", "Is a directory")]
)
def test_a_file_that_is_none_is_refused(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(AnswersUnreadable) as caught:
        list(read_answers(tmp_path / name))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", "perhaps"), ("citations", None), ("created_at", "today"), ("object", "hit")],
)
def test_an_answer_with_a_wrong_field_is_refused_and_the_field_named(
    field: str, value: object, answer: Answer, tmp_path: Path
) -> None:
    record = json.loads(to_json(answer)) | {field: value}
    path = saved(tmp_path / "a.jsonl", to_record(answer), record)
    with pytest.raises(AnswersUnreadable, match=rf"a.jsonl:2: no answer object \({field}: "):
        list(read_answers(path))
