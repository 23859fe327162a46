import gzip
import io
import json
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.errors import SourceNotFound
from corpus.files import open_regular
from corpus.read import Found, Limits, Problem, list_files, read_files, read_sources

SMALL = Limits(max_file_bytes=10_000, max_line_bytes=2_000, max_article_chars=5_000)


def read(*sources: Path, limits: Limits = Limits()) -> tuple[list[Found], list[Problem]]:  # noqa: B008  frozen
    results = list(read_sources(sources, limits=limits))
    found = [result for result in results if isinstance(result, Found)]
    return found, [result for result in results if isinstance(result, Problem)]


def only_problem(path: Path, limits: Limits = SMALL) -> Problem:
    """Return the one problem of a file that holds no article, while its neighbour is read."""
    (neighbour := path.with_name("zz-neighbour.txt")).write_text("Neighbour\nStill read.")
    found, problems = read(path.parent, limits=limits)
    assert [result.path for result in found] == [str(neighbour.resolve())]
    (problem,) = problems
    assert problem.path == str(path)
    assert problem.skipped
    return problem


def lines(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_text_file_becomes_an_article(tmp_path: Path) -> None:
    (tmp_path / "sea").mkdir()
    (tmp_path / "sea" / "a.txt").write_text("Ferry sinks\nBy Ida Ek\n\nIt sank.\n\nLeave a Reply\n")
    ((found,), problems) = read(tmp_path)
    assert problems == []
    article = found.article
    assert (article.id, article.title, article.text) == ("sea/a.txt", "Ferry sinks", "It sank.")
    assert article.author == "Ida Ek"
    assert (found.path, found.line) == (str((tmp_path / "sea" / "a.txt").resolve()), None)


def test_a_json_line_becomes_an_article(tmp_path: Path) -> None:
    row = {
        "_id": 7, "title": " T ", "body": "Text.", "url": "https://a.example", "source": "S",
        "author": ["A", "B"], "date": "2010-10-22 11:33:15 -0400", "updated_at": "2011-01-01",
        "language": "en", "mood": {"calm": True},
    }  # fmt: skip
    ((found,), problems) = read(lines(tmp_path / "n.jsonl", [row]))
    article = found.article
    assert problems == []
    assert (article.id, article.title, article.text, found.line) == ("7", "T", "Text.", 1)
    assert (article.url, article.source, article.author) == ("https://a.example", "S", "A, B")
    assert article.published_at == datetime(2010, 10, 22, 15, 33, 15, tzinfo=UTC)
    assert (article.updated_at, article.language) == (datetime(2011, 1, 1, tzinfo=UTC), "en")


def test_a_json_line_without_id_is_called_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    lines(tmp_path / "x" / "n.ndjson", [{"text": "One."}, {"text": "Two."}])
    assert [f.article.id for f in read(tmp_path)[0]] == ["x/n.ndjson#1", "x/n.ndjson#2"]


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.jsonl", "a.json"])
def test_every_format_may_be_gzipped(tmp_path: Path, name: str) -> None:
    body = "The ferry sank at dawn, two miles out, and the harbour sent every boat it had. " * 5
    text = {
        "a.txt": f"Title\n\n{body}",
        "a.md": f"# Title\n\n{body}",
        "a.html": f"<html><head><title>Title</title></head><body><article><p>{body}</p></article>",
    }.get(name, json.dumps({"title": "Title", "text": body}))
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    ((found,), problems) = read(tmp_path)
    assert (found.article.title, found.article.text, problems) == ("Title", body.strip(), [])


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("A short first line\n\nMore.", "A short first line"),
        ("One sentence of a paragraph. " * 20, "One sentence of a paragraph."),
        ("word " * 100, "word " * 39 + "word…"),
    ],
)
def test_a_missing_title_is_made_from_the_text(tmp_path: Path, text: str, title: str) -> None:
    ((found,), _) = read(lines(tmp_path / "n.jsonl", [{"text": text}]))
    assert found.article.title == title
    assert found.article.text == text.strip()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_json_lines_may_start_with_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    text = '{"text": "Café."}\n\n{"text": "Zwei."}\n'
    (tmp_path / "n.jsonl").write_bytes(text.encode(encoding))
    assert [(f.article.text, f.line) for f in read(tmp_path)[0]] == [("Café.", 1), ("Zwei.", 3)]


def test_a_date_that_is_not_understood_costs_the_date_and_not_the_article(tmp_path: Path) -> None:
    path = lines(tmp_path / "n.jsonl", [{"text": "x", "date": "next week"}])
    ((found,), (problem,)) = read(path)
    assert found.article.published_at is None
    assert not problem.skipped
    assert str(problem) == f"{path}:1: published date ignored, not understood: next week"


def test_an_address_that_is_no_web_address_is_dropped(tmp_path: Path) -> None:
    path = lines(tmp_path / "n.jsonl", [{"text": "x", "url": "javascript:alert(1)"}])
    ((found,), (problem,)) = read(path)
    assert (found.article.url, problem.skipped) == (None, False)


def test_damaged_bytes_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Überfahrt\nGrüße ".encode() + b"\xff!")
    ((found,), (problem,)) = read(tmp_path)
    assert found.article.text == "Grüße \ufffd!"
    assert (problem.skipped, problem.reason[:9]) == (False, "1 stretch")


# Files that hold no article, each with the reason a user reads.
@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.txt", b"", "the file is empty"),
        ("a.txt", b"\xef\xbb\xbf \r\n\t\n", "the file is empty"),
        ("a.md", b"---\ntitle: a\n---\n\n", "no text"),
        ("a.txt", b"Title\n\nLeave a Reply\n", "no text besides boilerplate"),
        ("a.txt", b"\x00\x01\x02" * 100, "not a text but binary data"),
        ("a.html", b"%PDF-1.4 ...", "not a text but a PDF file"),
        ("a.txt", b"x" * 10_001, "larger than 0.01 MB; split it, or give it as JSON lines"),
        ("a.json", b" " * 10_001, "larger than 0.01 MB; split it, or give it as JSON lines"),
        ("a.txt", b"Title\n" + b"word " * 1_500, "the text is longer than 5000 characters"),
        ("a.txt.gz", b"plain", "not valid gzip data"),
        (
            "a.txt.gz",
            gzip.compress(b"Title\nText " * 99)[:-20],
            "the gzip data ends early; the file is cut off",
        ),
        (
            "a.txt.gz",
            gzip.compress(b"x" * 50_000),
            "larger than 0.01 MB; split it, or give it as JSON lines",
        ),
        (
            "a.json",
            b"{",
            "not valid JSON (Expecting property name enclosed in double quotes at column 2)",
        ),
        ("a.json", b'{"a":\n\n}', "not valid JSON (Expecting value at line 3, column 1)"),
        ("a.json", b"7", "not a JSON object"),
        (
            "a.json",
            b'{"text": 1e5, "id": ' + b"1" * 5_000 + b"}",
            "not valid JSON (a number is too long)",
        ),
        ("a.json", b'{"title": "x"}', "no text: neither a `text` nor a `body`"),
        ("a.json", b'{"text": {"x": 1}}', "`text` is not text"),
        ("a.json", b'{"text": "x", "title": {}}', "`title` is not text"),
        (
            "a.json",
            b'{"text": "x", "id": "a\\u0000b"}',
            "the id 'a\\x00b' holds control characters",
        ),
        (
            "a.json",
            b'{"text": "x", "id": "' + b"i" * 513 + b'"}',
            "the id is longer than 512 characters",
        ),
    ],
)  # fmt: skip
def test_a_file_without_an_article_is_named_with_the_reason(
    tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(data)
    assert only_problem(tmp_path / name).reason == reason


def test_json_nested_too_deeply_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"[" * 200_000)
    problem = only_problem(tmp_path / "a.json", Limits())
    assert problem.reason == "not valid JSON (nested too deeply)"


def test_broken_front_matter_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: a\nauthor: b: c\n---\nText.")
    problem = only_problem(tmp_path / "a.md")
    assert problem.line == 3
    assert problem.reason.startswith("the front matter is not valid YAML (mapping values")


def test_broken_json_on_line_7_costs_that_line(tmp_path: Path) -> None:
    rows = [json.dumps({"text": f"Text {n}."}) for n in range(1, 10)]
    rows[6] = '{"text": "Text 7.'
    (path := tmp_path / "news.jsonl").write_text("\n".join(rows))
    found, problems = read(path)
    assert [f.line for f in found] == [1, 2, 3, 4, 5, 6, 8, 9]
    assert [str(problem) for problem in problems] == [
        f"{path}:7: not valid JSON (Unterminated string starting at column 10)"
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[1, 2]", "not a JSON object"),
        ('"text"', "not a JSON object"),
        ("{}", "no text: neither a `text` nor a `body`"),
        ('{"text": null}', "`text` is not text"),
        ('{"text": " "}', "no text"),
        ('{"text": "' + "x" * 2_100 + '"}', "the line is longer than 0.002 MB"),
    ],
)
def test_a_line_that_is_no_article_costs_that_line(tmp_path: Path, line: str, reason: str) -> None:
    (path := tmp_path / "n.jsonl").write_text(f'{{"text": "a"}}\r\n{line}\n{{"text": "b"}}')
    found, problems = read(path, limits=SMALL)
    assert [(f.article.text, f.line) for f in found] == [("a", 1), ("b", 3)]
    assert [(p.line, p.reason) for p in problems] == [(2, reason)]


def test_lone_surrogates_and_nuls_in_json_are_mended(tmp_path: Path) -> None:
    (tmp_path / "n.jsonl").write_text(r'{"id": "a\ud800", "text": "x\ud800y\u0000z \ud83d\ude00"}')
    ((found,), problems) = read(tmp_path)
    assert (found.article.id, found.article.text, problems) == ("a\ufffd", "x\ufffdyz 😀", [])


def test_of_two_articles_with_one_id_the_first_stays(tmp_path: Path) -> None:
    first = lines(tmp_path / "a.jsonl", [{"id": "x", "text": "One."}])
    second = lines(tmp_path / "b.jsonl", [{"text": "Zero."}, {"id": "x", "text": "Two."}])
    found, problems = read(first, second)
    assert [f.article.text for f in found] == ["One.", "Zero."]
    assert [str(p) for p in problems] == [
        f"{second}:2: the id x is taken by {first}:1, which stays"
    ]


def test_a_ten_megabyte_line_is_passed_over_in_little_time(tmp_path: Path) -> None:
    (path := tmp_path / "n.jsonl").write_bytes(
        b'{"text": "' + b"x" * 10_000_000 + b'"}\n{"text": "b"}'
    )
    start = time.perf_counter()
    found, problems = read(path, limits=Limits(max_line_bytes=1_000_000))
    assert [f.line for f in found] == [2]
    assert [p.reason for p in problems] == ["the line is longer than 1 MB"]
    assert time.perf_counter() - start < 5


def test_a_ten_megabyte_line_of_text_is_above_the_length_of_an_article(tmp_path: Path) -> None:
    path = lines(tmp_path / "n.jsonl", [{"text": "word " * 2_000_000}, {"text": "b"}])
    found, problems = read(path)
    assert [f.line for f in found] == [2]
    assert [p.reason for p in problems] == ["the text is longer than 5000000 characters"]


@pytest.mark.parametrize("name", ["a.txt", "a.json", "a.html.gz"])
def test_a_200_megabyte_document_is_refused_unread(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(200_000_000)  # a hole: no disk is used

    def never(path: Path, /) -> BinaryIO:
        raise AssertionError(path)

    (problem,) = read_files(list_files([tmp_path])[0], opener=never)
    assert isinstance(problem, Problem)
    assert problem.reason == "larger than 20 MB; split it, or give it as JSON lines"


@pytest.mark.parametrize("inside", [b"x", b"\n", b'{"text": "x"}\n'])
def test_a_gzip_bomb_is_stopped(tmp_path: Path, inside: bytes) -> None:
    """5 MB that expand from some 5 kB, a thousand times, against 200 allowed."""
    (tmp_path / "n.jsonl.gz").write_bytes(gzip.compress(inside * (5_000_000 // len(inside))))
    limits = Limits(max_file_bytes=100_000)
    _, problems = read(tmp_path, limits=limits)
    assert "expands to more than 200 times its size" in problems[-1].reason


def test_a_truncated_gzip_keeps_the_lines_before_the_end(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"text": os.urandom(40).hex()}) + "\n" for _ in range(5_000))
    (tmp_path / "n.jsonl.gz").write_bytes(gzip.compress(rows.encode())[:-100_000])
    found, problems = read(tmp_path)
    assert len(found) > 1_000
    assert [p.reason for p in problems] == ["the gzip data ends early; the file is cut off"]


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")]
)
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, error: OSError) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("Title\nText.")

    def opener(path: Path, /) -> BinaryIO:
        if path.name == "a.txt":
            raise error
        return open_regular(path)

    problem, found = read_files(list_files([tmp_path])[0], opener=opener)
    assert isinstance(found, Found)
    assert str(problem) == f"{tmp_path / 'a.txt'}: cannot be read ({error.strerror})"


def test_a_disk_that_fails_halfway_keeps_what_was_read(tmp_path: Path) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().read(size)

    path = lines(tmp_path / "n.jsonl", [{"text": "a"}])
    data = path.read_bytes() + b" " * 100_000
    found, problem = read_files(list_files([path])[0], opener=lambda _: Failing(data))
    assert isinstance(found, Found)
    assert str(problem) == f"{path}: cannot be read (Input/output error)"


def test_a_file_that_is_gone_since_it_was_listed_is_named(tmp_path: Path) -> None:
    (path := tmp_path / "a.txt").write_text("Title\nText.")
    files, _ = list_files([tmp_path])
    path.unlink()
    (problem,) = read_files(files)
    assert str(problem) == f"{path}: cannot be read (No such file or directory)"


def test_a_pipe_that_took_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    (path := tmp_path / "a.txt").write_text("Title\nText.")
    files, _ = list_files([tmp_path])
    path.unlink()
    os.mkfifo(path)
    (problem,) = read_files(files)
    assert str(problem) == f"{path}: cannot be read (not a regular file any more)"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Title\nText.")
    (tmp_path / "a.txt").chmod(0)
    assert only_problem(tmp_path / "a.txt").reason == "cannot be read (Permission denied)"


def test_a_missing_source_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound):
        read_sources([tmp_path / "nowhere"])


def test_progress_adds_up_to_the_size_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Title\nText. " * 500)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b'{"text": "x"}\n' * 5_000))
    files, _ = list_files([tmp_path])
    steps: list[int] = []
    for _ in read_files(files, on_read=steps.append):
        pass
    assert sum(steps) == sum(file.size for file in files)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=st.sampled_from(["f.txt", "f.md", "f.html", "f.json", "f.jsonl", "f.txt.gz"]),
    data=st.one_of(
        st.binary(max_size=300),
        st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.sampled_from(["---\n", "{", "# ", "<p>", "[[", "- ", "\\"]).map(
            lambda s: (s * 90).encode()
        ),
    ),
)
def test_no_bytes_make_the_reader_raise(tmp_path: Path, name: str, data: bytes) -> None:
    (path := tmp_path / name).write_bytes(data)
    found, problems = read(path)
    assert found or problems or not data.strip() or name in {"f.json", "f.jsonl"}
    for result in found:
        (result.article.title + result.article.text).encode()
        assert result.article.title
        assert result.article.text == result.article.text.strip() != ""
