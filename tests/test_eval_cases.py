"""Question files: what is read, and what is refused with file, line and reason."""

import json
from pathlib import Path

import pytest

from corpus.article import Article
from evals.cases import Gold, read_cases
from evals.errors import InputUnusable
from tests.bot_fakes import TEA

ARTICLES = {TEA.id: TEA}
SPAN = {"document_id": TEA.id, "start": 0, "end": 8, "revision": TEA.revision}
GOOD = {"id": "q1", "kind": "fact", "question": "Tea?", "evidence": [SPAN], "answer": "tea"}


def write(folder: Path, *lines: object) -> Path:
    """A file with these lines; a string as it stands, anything else as JSON."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path = folder / "questions.jsonl"
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def test_a_line_becomes_a_case(tmp_path: Path) -> None:
    turn = {"role": "user", "content": "Cars?"}
    line = GOOD | {"kind": "follow_up", "tags": ["terse"], "history": [turn], "aliases": ["a cup"]}
    (case,) = read_cases(write(tmp_path, line), ARTICLES).current
    assert (case.id, case.kind, case.text, case.tags) == ("q1", "follow_up", "Tea?", ("terse",))
    assert [(t.role, t.content) for t in case.history] == [("user", "Cars?")]
    assert case.gold == (Gold(TEA.id, 0, 8),)
    assert case.answers == ("tea", "a cup")
    assert case.answerable


def test_an_unanswerable_question_keeps_its_reason(tmp_path: Path) -> None:
    line = {"id": "q", "kind": "unanswerable", "question": "Who?", "why": "not-reported"}
    (case,) = read_cases(write(tmp_path, line), ARTICLES).current
    assert not case.answerable
    assert case.why == "not-reported"


def test_a_follow_up_without_an_answer_says_why(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "Tea?"}]
    line = {"id": "q", "kind": "follow_up", "question": "Why?", "history": turns}
    (case,) = read_cases(write(tmp_path, line | {"why": "not-reported"}), ARTICLES).current
    assert not case.answerable
    with pytest.raises(InputUnusable, match="its gold is missing"):
        read_cases(write(tmp_path, line), ARTICLES)


def test_a_changed_article_makes_its_questions_stale_not_wrong(tmp_path: Path) -> None:
    """Even where the span is outside the text by now."""
    old = SPAN | {"revision": "sha256:before", "end": 9999}
    lines = [GOOD, GOOD | {"id": "q2", "evidence": [SPAN, old | {"group": 1}]}]
    cases = read_cases(write(tmp_path, *lines), ARTICLES)
    assert [case.id for case in cases.current] == ["q1"]
    assert [case.id for case in cases.stale] == ["q2"]


def test_gold_without_a_revision_is_never_stale(tmp_path: Path) -> None:
    span = {"document_id": TEA.id, "start": 0, "end": 8}
    assert not read_cases(write(tmp_path, GOOD | {"evidence": [span]}), ARTICLES).stale


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param("{oops", "invalid JSON", id="no JSON"),
        pytest.param("[]", "should be an object", id="no object"),
        pytest.param({"id": "q", "kind": "fact"}, "question: field required", id="a field less"),
        pytest.param(GOOD | {"kind": "riddle"}, "kind: input should be 'fact'", id="odd kind"),
        pytest.param(GOOD | {"question": " "}, "question: string should match", id="blank"),
        pytest.param(GOOD | {"evidense": []}, "evidense: extra inputs", id="a typo in a name"),
        pytest.param(GOOD | {"evidence": []}, "its gold is missing", id="missing gold"),
        pytest.param(
            GOOD | {"kind": "unanswerable"}, "has no evidence", id="gold of the unanswerable"
        ),
        pytest.param(GOOD | {"kind": "follow_up"}, "needs a history", id="following nothing"),
        pytest.param(
            GOOD | {"evidence": [SPAN | {"document_id": "nix"}]}, "no article 'nix'", id="unknown"
        ),
        pytest.param(GOOD | {"evidence": [SPAN | {"end": 9999}]}, "no stretch", id="outside"),
        pytest.param(GOOD | {"evidence": [SPAN | {"start": 8}]}, "no stretch", id="empty span"),
        pytest.param(
            GOOD | {"evidence": [SPAN | {"start": 8, "end": 9}]}, "no stretch", id="a blank only"
        ),
        pytest.param(
            GOOD | {"evidence": [SPAN | {"start": -1}]}, "greater than or equal", id="below 0"
        ),
        pytest.param(GOOD | {"evidence": [SPAN | {"start": "0"}]}, "valid integer", id="a string"),
        pytest.param(GOOD | {"id": "first"}, "taken by line 1", id="duplicate id"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_and_reason(
    tmp_path: Path, line: object, reason: str
) -> None:
    path = write(tmp_path, GOOD | {"id": "first"}, "", line)
    with pytest.raises(InputUnusable) as caught:
        read_cases(path, ARTICLES)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{path}:3: ")
    assert reason in problem.lower().replace("invalid json", "invalid JSON")


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputUnusable) as caught:
        read_cases(write(tmp_path, "{", GOOD | {"evidence": []}), ARTICLES)
    assert [problem.split(": ")[0] for problem in caught.value.problems] == [
        f"{tmp_path}/questions.jsonl:1",
        f"{tmp_path}/questions.jsonl:2",
    ]


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xff\xfe\x00"])
def test_a_file_without_questions_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputUnusable, match=r"questions\.jsonl: (no question|not UTF-8)"):
        read_cases(path, ARTICLES)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputUnusable, match=r"none\.jsonl: No such file"):
        read_cases(tmp_path / "none.jsonl", ARTICLES)


def test_a_line_separator_inside_a_question_ends_no_line(tmp_path: Path) -> None:
    line = json.dumps(GOOD | {"question": "Tea\u2028or car?"}, ensure_ascii=False)
    (case,) = read_cases(write(tmp_path, line), ARTICLES).current
    assert case.text == "Tea\u2028or car?"


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_cases(path, ARTICLES).current) == 1


def test_a_digest_changes_with_what_decides_the_scores_only(tmp_path: Path) -> None:
    lines = [
        GOOD,
        GOOD | {"id": "q2", "tags": ["new"], "note": "new"},
        GOOD | {"id": "q3", "question": "Tea!"},
        GOOD | {"id": "q4", "answer": "coffee"},
        GOOD | {"id": "q5", "evidence": [SPAN | {"end": 7}]},
    ]
    first, same, *others = read_cases(write(tmp_path, *lines), ARTICLES).current
    assert first.digest == same.digest
    assert len({case.digest for case in (first, *others)}) == 4


def test_the_example_in_the_docs_is_a_question(tmp_path: Path) -> None:
    """On an article that has changed since, for its revision is only hinted at."""
    docs = (Path(__file__).parent.parent / "docs" / "evals.md").read_text("utf-8")
    example = docs.split("```json\n")[1].split("```")[0].replace("\n", " ")
    article = Article("lidar.md", "On lidar", "Fog. " * 200)
    assert len(read_cases(write(tmp_path, example), {article.id: article}).stale) == 1
