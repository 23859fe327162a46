from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.answer import Answer
from bot.answerer import Question
from bot.database import FILE, Database
from bot.discord_bot.preferences import DEFAULTS, Asked, Preferences, ServerSettings, Shown
from bot.memory import Feedback, Memory
from tests.bot_fakes import TEA, Clock, answerer, library

ADA, BOB, SERVER = 80351110224678912, 80351110224678913, 197038439483310086


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path / FILE)
    yield found
    found.close()


@pytest.fixture
def preferences(database: Database, clock: Clock) -> Preferences:
    return Preferences(database, clock, 30)


@pytest.fixture
def answer(tmp_path: Path) -> Answer:
    made = answerer(library(tmp_path / "data", TEA))
    return made.ask(Question("What is it about tea?", conversation_id="conv_1"))


def shown(message_id: int, **others: object) -> Shown:
    """A message in the server that shows `ans_1`."""
    usual = Shown(message_id, 5, SERVER, None, "ans_1", "conv_1", "ada")
    return replace(usual, **others)  # type: ignore[arg-type]


def stored(tmp_path: Path) -> bytes:
    """All bytes of the database, its log included."""
    return b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE}*"))


def test_a_server_has_the_settings_that_were_kept_last(preferences: Preferences) -> None:
    assert preferences.server(SERVER) == DEFAULTS
    assert not DEFAULTS.channels, "it answers mentions nowhere until it is told where"
    for channels in ((1,), (1, 2)):
        settings = ServerSettings(
            channels=channels,
            private=True,
            sources=("The Post",),
            published_after=datetime(2026, 1, 1, tzinfo=UTC),
            cooldown_s=60,
        )
        preferences.set_server(SERVER, settings)
    assert preferences.server(SERVER) == settings
    assert preferences.server(SERVER + 1) == preferences.server(None) == DEFAULTS


def test_a_question_is_kept_as_a_hash_unless_its_server_keeps_text(
    preferences: Preferences, answer: Answer, tmp_path: Path
) -> None:
    asked = Asked(ADA, SERVER, "What is it about tea?")
    preferences.add_question(asked, answer)
    for secret in (b"about tea", str(ADA).encode(), ADA.to_bytes(8, "big")):
        assert secret not in stored(tmp_path)
    preferences.set_server(SERVER, ServerSettings(keep_questions=True))
    preferences.add_question(asked, replace(answer, id="ans_2"))
    assert b"about tea" in stored(tmp_path)
    preferences.add_question(replace(asked, server_id=None), replace(answer, id="ans_3"))
    preferences.set_server(SERVER, ServerSettings(keep_questions=False))
    assert b"about tea" not in stored(tmp_path), "nor is what was kept before"


def test_the_same_question_has_the_same_hash_in_one_file_only(
    database: Database, preferences: Preferences, clock: Clock, answer: Answer, tmp_path: Path
) -> None:
    for number, text in enumerate(("About  TEA?", "about tea?", "about rain?")):
        preferences.add_question(Asked(ADA, None, text), replace(answer, id=f"ans_{number}"))
    rows = database.all("SELECT question_hash FROM discord_questions ORDER BY answer_id")
    assert rows[0] == rows[1] != rows[2]
    assert preferences.hash_of(ADA) == Preferences(database, clock, 30).hash_of(ADA)
    elsewhere = Preferences(Database(tmp_path / "other.sqlite"), clock, 30)
    assert preferences.hash_of(ADA) != elsewhere.hash_of(ADA)
    assert preferences.hash_of(ADA) != preferences.hash_of(BOB)


def test_messages_are_found_by_what_they_show_and_where(preferences: Preferences) -> None:
    first, second = shown(10, question_id=9), shown(11, conversation_id=None, answer_id="ans_2")
    for message in (second, first):
        preferences.add_message(message)
    assert preferences.message(10) == first
    assert preferences.message(12) is None
    assert preferences.latest_in(5) == second
    assert preferences.latest_in(6) is None
    assert preferences.replies_to(9) == (first,)
    assert preferences.showing("ans_2") == (second,)
    assert preferences.answers() == ("ans_1", "ans_2")
    preferences.drop_message(11)
    assert preferences.latest_in(5) == first


def test_a_conversation_knows_its_answers(
    preferences: Preferences, answer: Answer, clock: Clock
) -> None:
    for name in ("ans_b", "ans_a"):
        preferences.add_question(Asked(ADA, None, "tea?"), replace(answer, id=name))
        clock.now += timedelta(seconds=1)
    assert preferences.answers_in("conv_1") == ("ans_b", "ans_a")


def test_forgetting_erases_the_questions_and_votes_of_one_person(
    database: Database, preferences: Preferences, answer: Answer, clock: Clock, tmp_path: Path
) -> None:
    memory = Memory(database, clock, 30)
    memory.keep(answer, "")
    preferences.set_server(SERVER, ServerSettings(keep_questions=True))
    for user, text, name in ((ADA, "apricots?", "ans_1"), (BOB, "bananas?", "ans_2")):
        preferences.add_question(Asked(user, SERVER, text), replace(answer, id=name))
        memory.rate("ans_1", Feedback("down", comment=f"no {text}"), preferences.hash_of(user))
        preferences.add_message(shown(user, asker=preferences.hash_of(user)))
    erased = preferences.forget(ADA)
    assert (erased.questions, erased.votes, erased.conversations) == (1, 1, ("conv_1",))
    assert b"apricots" not in stored(tmp_path)
    assert b"bananas" in stored(tmp_path)
    assert preferences.hash_of(ADA).encode() not in stored(tmp_path)
    found = preferences.message(ADA)
    assert found is not None, "its buttons go on working"
    assert found.asker == ""
    assert preferences.forget(ADA).questions == 0


def test_what_is_old_goes(
    database: Database, preferences: Preferences, answer: Answer, clock: Clock
) -> None:
    preferences.add_question(Asked(ADA, None, "tea?"), answer)
    preferences.add_message(shown(1))
    clock.now += timedelta(days=30)
    preferences.drop_old()
    assert preferences.message(1)
    clock.now += timedelta(seconds=1)
    preferences.drop_old()
    assert preferences.message(1) is None
    assert database.all("SELECT * FROM discord_questions") == []


def test_for_no_days_nothing_is_kept_but_settings(
    database: Database, clock: Clock, answer: Answer
) -> None:
    preferences = Preferences(database, clock, 0)
    preferences.add_question(Asked(ADA, None, "tea?"), answer)
    preferences.add_message(shown(1))
    preferences.set_server(SERVER, ServerSettings(private=True))
    assert preferences.message(1) is None
    assert preferences.server(SERVER).private


def test_a_server_that_was_left_is_forgotten(preferences: Preferences) -> None:
    preferences.set_server(SERVER, ServerSettings(private=True))
    preferences.add_message(shown(1))
    preferences.add_message(shown(2, server_id=None))
    preferences.forget_server(SERVER)
    assert preferences.server(SERVER) == DEFAULTS
    assert preferences.answers() == ("ans_1",)
    assert preferences.message(1) is None
