import json
import shutil
from pathlib import Path

import pytest

from index.errors import ReaderDamaged
from index.reader import MODEL, READER_FOLDER, RECORD, TOKENIZER, Reader

TEXT = (
    "Brennick recalls the Teasel\nBrennick is calling back 27,450 Teasels because a faulty update "
    "lets the brake hold go. Owners get a repair over the air in March."
)
OTHER = "Rain on the coast\nIt rained for nine days in Karelund, and the river left its bed."


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


def test_what_is_packaged_is_what_was_made() -> None:
    record = json.loads((READER_FOLDER / RECORD).read_bytes())
    assert set(record["files"]) == {MODEL, TOKENIZER}
    size = sum(path.stat().st_size for path in READER_FOLDER.iterdir())
    assert size < 25_000_000


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many Teasels does Brennick call back?", "27,450"),
        ("when do owners get the repair", "in March"),
    ],
)
def test_the_words_that_answer_are_found(reader: Reader, question: str, words: str) -> None:
    here, there = reader.read(question, [TEXT, OTHER])
    assert TEXT[here.span.start : here.span.end] == words
    assert here.there > there.there
    assert here.within(0, len(TEXT)) == pytest.approx(1.0, abs=1e-4)
    begin = here.span.start
    assert here.within(begin, begin + len(words)) > here.within(0, begin)


def test_a_text_reads_the_same_beside_any_other(reader: Reader) -> None:
    question = "How many Teasels does Brennick call back?"
    assert reader.read(question, [OTHER, TEXT])[1] == reader.read(question, [TEXT])[0]


def test_what_is_read_does_not_depend_on_the_threads(reader: Reader) -> None:
    question = "How many Teasels does Brennick call back?"
    assert Reader(threads=2).read(question, [TEXT, OTHER]) == reader.read(question, [TEXT, OTHER])


def test_no_text_is_no_work(reader: Reader) -> None:
    assert reader.read("What?", []) == []


@pytest.mark.parametrize("text", ["", " ", "\u200b"])
def test_a_text_without_words_has_no_answer_in_it(reader: Reader, text: str) -> None:
    (found,) = reader.read("What is it?", [text])
    assert (found.span.start, found.sure, found.within(0, 10)) == (0, 0.0, 0)


def test_the_end_of_a_long_text_is_read_too(reader: Reader) -> None:
    """Some 900 tokens before it: three windows and more."""
    long = "The weather was as it was. " * 130 + TEXT
    (found,) = reader.read("How many Teasels does Brennick call back?", [long])
    assert long[found.span.start : found.span.end] == "27,450"


def test_a_question_of_any_length_leaves_room_for_the_text(reader: Reader) -> None:
    (found,) = reader.read("how many teasels " * 120, [TEXT])
    assert 0 < found.span.end <= len(TEXT)


def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(READER_FOLDER, tmp_path / "reader"))


@pytest.mark.parametrize("name", [RECORD, MODEL, TOKENIZER])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = copy(tmp_path)
    (folder / name).unlink()
    with pytest.raises(ReaderDamaged, match=rf"{name} can't be read.*CITEWIRE_READER=off"):
        Reader(folder)


@pytest.mark.parametrize("name", [MODEL, TOKENIZER])
def test_another_file_is_not_loaded(tmp_path: Path, name: str) -> None:
    folder = copy(tmp_path)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ReaderDamaged, match=f"{name} is not the file that was made"):
        Reader(folder)


@pytest.mark.parametrize("content", ["no JSON", "[]", "{}"])
def test_a_record_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    folder = copy(tmp_path)
    (folder / RECORD).write_text(content, "utf-8")
    with pytest.raises(ReaderDamaged, match=r"reader\.json is not what was written"):
        Reader(folder)
