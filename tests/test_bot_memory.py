import sqlite3
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import memory as module
from bot.answer import Answer
from bot.answerer import Question
from bot.conversation import Turn
from bot.database import _SCHEMA, FILE, Database
from bot.errors import AnswerNotFound, AnswerWithdrawn, ConversationNotFound, DatabaseUnusable
from bot.json_lines import from_json, to_json
from bot.memory import CONVERSATION_S, MAX_TURNS, Feedback, Memory, new_conversation_id
from tests.bot_fakes import NOW, TEA, WHALE, Clock, answerer, library

LATER = NOW + timedelta(days=365)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(tmp_path: Path, clock: Clock) -> Memory:
    return Memory(Database(tmp_path / FILE), clock, 30)


Ask = Callable[..., Answer]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Answer a question under an id."""
    made = answerer(library(tmp_path / "data", TEA, WHALE))

    def answered(text: str, answer_id: str = "ans_1", conversation: str | None = None) -> Answer:
        question = Question(text, conversation_id=conversation)
        return replace(made, new_id=lambda: answer_id).ask(question)

    return answered


def test_an_answer_comes_back_as_it_was_given(memory: Memory, ask: Ask) -> None:
    answer = ask("tea moon?")
    memory.keep(answer, "")
    assert memory.answer("ans_1") == to_json(answer)
    with pytest.raises(AnswerNotFound):
        memory.answer("ans_2")


def test_an_answer_is_kept_for_so_many_days(memory: Memory, ask: Ask, clock: Clock) -> None:
    memory.keep(ask("tea?"), "")
    clock.now = NOW + timedelta(days=30)
    assert memory.answer("ans_1")
    clock.now += timedelta(seconds=1)
    with pytest.raises(AnswerNotFound):
        memory.answer("ans_1")
    memory.keep(replace(ask("tea?", "ans_2"), created_at=int(clock.now.timestamp())), "")
    assert memory.database.all("SELECT id FROM answers") == [("ans_2",)]


def test_for_no_days_none_is(memory: Memory, ask: Ask) -> None:
    replace(memory, days=0).keep(ask("tea?"), "")
    assert not memory.database.path.exists()


def test_answers_beyond_the_cap_go_first_come_first(
    memory: Memory, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ANSWERS", 2)
    for number in range(5):
        memory.keep(ask("tea?", f"ans_{number}"), "")
    found = memory.database.all("SELECT id FROM answers ORDER BY id")
    assert found == [("ans_2",), ("ans_3",), ("ans_4",)]  # the cap, and the newest


def test_the_last_feedback_of_each_owner_counts(memory: Memory, ask: Ask) -> None:
    memory.keep(ask("tea?"), "")
    memory.rate("ans_1", Feedback("up"), "a")
    memory.rate("ans_1", Feedback("down", "wrong", "No."), "a")
    memory.rate("ans_1", Feedback("up"), "b")
    found = memory.database.all(
        "SELECT owner, rating, reason, comment FROM feedback ORDER BY owner"
    )
    assert found == [("a", "down", "wrong", "No."), ("b", "up", None, None)]
    with pytest.raises(AnswerNotFound):
        memory.rate("ans_2", Feedback("up"), "a")


def test_a_conversation_is_its_owners(memory: Memory, ask: Ask) -> None:
    answer = ask("tea?", conversation="conv_1")
    memory.keep(answer, "a")
    want = (Turn("user", "tea?"), Turn("assistant", answer.answer))
    assert memory.history("conv_1", "a") == want
    for conversation, owner in (("conv_1", "b"), ("conv_1", ""), ("conv_2", "a")):
        with pytest.raises(ConversationNotFound):
            memory.history(conversation, owner)


def test_a_conversation_is_kept_when_no_answer_is(memory: Memory, ask: Ask) -> None:
    memory = replace(memory, days=0)
    memory.keep(ask("tea?", conversation="conv_1"), "")
    assert len(memory.history("conv_1", "")) == 2
    with pytest.raises(AnswerNotFound):
        memory.answer("ans_1")


def test_a_conversation_ends_a_day_after_its_last_word(
    memory: Memory, ask: Ask, clock: Clock
) -> None:
    memory.keep(ask("tea?", conversation="conv_1"), "")
    clock.now += timedelta(seconds=CONVERSATION_S)
    assert memory.history("conv_1", "")
    clock.now += timedelta(seconds=1)
    with pytest.raises(ConversationNotFound):
        memory.history("conv_1", "")
    memory.keep(ask("tea?", "ans_2", "conv_2"), "")
    assert memory.database.all("SELECT DISTINCT conversation_id FROM turns") == [("conv_2",)]


def test_a_conversation_keeps_its_last_words_and_there_are_only_so_many(
    memory: Memory, ask: Ask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MAX_TURNS):
        memory.keep(ask(f"tea {number}?", f"ans_{number}", "conv_1"), "")
    turns = memory.history("conv_1", "")
    assert len(turns) == MAX_TURNS
    assert turns[-2].content == f"tea {MAX_TURNS - 1}?"
    monkeypatch.setattr(module, "MAX_CONVERSATIONS", 1)
    clock.now += timedelta(seconds=1)
    memory.keep(ask("tea?", "ans_x", "conv_2"), "")
    assert memory.database.all("SELECT id FROM conversations") == [("conv_2",)]


def test_ids_of_conversations_are_not_guessed() -> None:
    assert len({new_conversation_id() for _ in range(100)}) == 100


def test_nothing_quotes_a_deleted_document(memory: Memory, ask: Ask) -> None:
    quoting = ask("tea moon?", conversation="conv_1")
    other = ask("whale whale?", "ans_2", "conv_2")
    assert {document.id for document in other.documents} == {"whale.txt"}
    memory.keep(quoting, "")
    memory.keep(other, "")
    memory.forget("tea.txt", LATER)
    with pytest.raises(AnswerWithdrawn):
        memory.answer("ans_1")
    assert memory.history("conv_1", "") == ()
    assert memory.answer("ans_2")
    memory.database.close()
    files = [path.read_bytes() for path in memory.database.path.parent.glob(f"{FILE}*")]
    assert not any(b"Tea moon" in content for content in files)


def test_an_answer_in_the_making_when_its_document_goes_is_not_kept(
    memory: Memory, ask: Ask
) -> None:
    memory.forget("tea.txt", LATER)
    memory.keep(ask("tea moon?", conversation="conv_1"), "")
    with pytest.raises(AnswerNotFound):
        memory.answer("ans_1")
    with pytest.raises(ConversationNotFound):
        memory.history("conv_1", "")


def test_a_document_that_came_back_is_quoted_again(memory: Memory, ask: Ask) -> None:
    answer = ask("tea moon?")
    memory.forget("tea.txt", answer.index.built_at)
    memory.keep(answer, "")
    assert memory.answer("ans_1")


def test_threads_and_connections_share_one_file(tmp_path: Path, ask: Ask) -> None:
    """Eight find it new at once, as worker processes do."""
    answers = [ask("tea?", f"ans_{number}") for number in range(64)]
    together = threading.Barrier(8)

    def keep(some: list[Answer]) -> None:
        mine = Memory(Database(tmp_path / "new" / FILE), lambda: NOW, 30)
        together.wait()
        for answer in some:
            mine.keep(answer, "")
        mine.database.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(keep, [answers[n::8] for n in range(8)]))
    reader = Database(tmp_path / "new" / FILE)
    assert reader.all("SELECT count(*) FROM answers") == [(64,)]
    reader.close()
    reader.close()


def test_nobody_else_may_read_it(memory: Memory, ask: Ask) -> None:
    memory.keep(ask("tea?"), "")
    files = list(memory.database.path.parent.glob(f"{FILE}*"))
    assert len(files) == 3  # with its log, and the log's index
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_an_error_undoes_the_transaction(memory: Memory) -> None:
    def fail() -> None:
        with memory.database.transaction(write=True) as db:
            db.execute("INSERT INTO deletions VALUES ('a', 'b')")
            db.execute("INSERT INTO nothing VALUES (1)")

    with pytest.raises(DatabaseUnusable, match="nothing"):
        fail()
    assert memory.database.all("SELECT * FROM deletions") == []


@pytest.mark.parametrize("content", [b"no database at all, but text " * 100, b""])
def test_a_file_that_is_something_else(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    database = Database(tmp_path / FILE)
    if content:
        with pytest.raises(DatabaseUnusable, match=FILE):
            database.all("SELECT 1")
    else:
        assert database.all("SELECT 1") == [(1,)]
    database.close()


def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path: Path, ask: Ask) -> None:
    with sqlite3.connect(tmp_path / FILE) as db:
        db.executescript(_SCHEMA)
        db.execute("PRAGMA user_version = 1")
        db.execute("INSERT INTO keys VALUES ('1', 'name', 'read', x'00', 0, NULL)")
    db.close()
    for _ in range(2):  # the second time there is nothing to do
        database = Database(tmp_path / FILE)
        Memory(database, lambda: NOW, 30).keep(ask("tea?"), "")
        assert database.all("SELECT id FROM keys") == [("1",)]
        assert database.all("SELECT * FROM discord_servers") == []
        database.all("DELETE FROM answers")
        database.close()


def test_an_answer_can_be_kept_without_its_question(memory: Memory, ask: Ask) -> None:
    answer = ask("tea moon?", conversation="conv_1")
    memory.keep_unasked(answer)
    kept = from_json(memory.answer("ans_1"))
    assert kept == replace(answer, question="", standalone_question="", conversation_id=None)
    with pytest.raises(ConversationNotFound):
        memory.history("conv_1", "")


def test_old_answers_can_be_dropped_without_a_new_one(
    memory: Memory, ask: Ask, clock: Clock
) -> None:
    memory.keep(ask("tea?"), "")
    assert memory.cited() == ("tea.txt",)
    clock.now = NOW + timedelta(days=31)
    memory.drop_old()
    assert memory.database.all("SELECT id FROM answers") == []
    assert memory.cited() == ()


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / FILE)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(DatabaseUnusable, match="newer Citewire"):
        Database(tmp_path / FILE).all("SELECT 1")
