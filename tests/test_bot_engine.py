from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.answerer import Question
from bot.contents import ArticleLine, SourceLine
from bot.database import FILE, Database
from bot.errors import AnswerNotFound, AnswerWithdrawn, ConversationNotFound
from bot.memory import Feedback
from index.errors import ArticleNotFound
from tests.bot_fakes import TEA, WHALE, library
from tests.engine_fakes import engine
from tests.fakes import Desk

QUESTION = "what does tea say of the moon?"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    library(tmp_path, TEA, WHALE)
    return tmp_path


def stored(data: Path) -> bytes:
    """All bytes of the database, its log included."""
    return b"".join(path.read_bytes() for path in data.glob(f"{FILE}*"))


def test_an_answer_is_saved_without_its_question(data: Path) -> None:
    with engine(data) as local:
        answer = local.ask(Question(QUESTION, conversation_id="new"), "ada")
        assert answer.question == QUESTION
        saved = local.saved(answer.id)
        assert (saved.question, saved.standalone_question) == ("", "")
        assert (saved.answer, saved.citations) == (answer.answer, answer.citations)
        local.ask(Question("and of rain?", conversation_id=answer.conversation_id), "ada")
        assert answer.answer.encode() in stored(data)
        assert b"say of" not in stored(data)
        assert b"and of rain" not in stored(data)
    with engine(data) as local, pytest.raises(AnswerNotFound):
        local.saved("ans_9")


def test_a_follow_up_knows_what_was_asked_and_answered(data: Path) -> None:
    with engine(data) as local:
        first = local.ask(Question("Tea moon?", conversation_id="new"), "ada")
        second = local.ask(Question("and rain?", conversation_id=first.conversation_id), "bob")
        assert second.conversation_id == first.conversation_id
        assert "Tea" in second.standalone_question
        assert local.ask(Question("Tea moon?"), "ada").conversation_id is None


def test_after_a_restart_a_conversation_is_what_was_answered_in_it(data: Path) -> None:
    with engine(data) as local:
        first = local.ask(Question("Tea moon?", conversation_id="new"), "ada")
    asked = Question("and rain?", conversation_id=first.conversation_id)
    with engine(data, [first.id, "ans_gone"]) as local:
        assert local.ask(asked, "ada").conversation_id == first.conversation_id
    with engine(data, ["ans_gone"]) as local, pytest.raises(ConversationNotFound):
        local.ask(asked, "ada")


def test_a_forgotten_conversation_is_no_more(data: Path) -> None:
    with engine(data) as local:
        first = local.ask(Question("Tea moon?", conversation_id="new"), "ada")
        assert first.conversation_id is not None
        local.forget([first.conversation_id, "conv_other"])
        with pytest.raises(ConversationNotFound):
            local.ask(Question("and rain?", conversation_id=first.conversation_id), "ada")


def test_each_asker_has_one_vote(data: Path) -> None:
    with engine(data) as local:
        local.ask(Question("tea?"), "ada")
        for rating, asker in (("up", "ada"), ("down", "ada"), ("up", "bob")):
            local.rate("ans_1", Feedback(rating), asker)  # type: ignore[arg-type]
        with pytest.raises(AnswerNotFound):
            local.rate("ans_2", Feedback("up"), "ada")
    votes = Database(data / FILE).all("SELECT owner, rating FROM feedback ORDER BY owner")
    assert votes == [("ada", "down"), ("bob", "up")]


def test_articles_are_found_by_what_their_title_or_id_holds(data: Path) -> None:
    with engine(data) as local:
        tea = ArticleLine("tea.txt", "On tea", "The Post", TEA.published_at)
        whale = ArticleLine("whale.txt", "On whales", "Sea", None)
        assert local.articles("", 5) == (tea, whale)  # the newest first
        assert local.articles("on ", 5) == (tea, whale)
        assert local.articles("WHALES", 5) == (whale,)
        assert local.articles("tea.t", 5) == (tea,)
        assert local.articles("", 1) == (tea,)
        assert local.articles("moon", 5) == ()
        assert local.article("tea.txt") == TEA
        with pytest.raises(ArticleNotFound):
            local.article("on tea")


def test_what_the_collection_covers(data: Path) -> None:
    newest = datetime(2026, 1, 3, tzinfo=UTC)
    library(data, TEA, WHALE, replace(TEA, id="later.txt", text="Rain.", published_at=newest))
    with engine(data) as local:
        assert local.sources() == (SourceLine("The Post", 2, newest), SourceLine("Sea", 1, None))
        covered = local.collection()
        assert (covered.index.documents, covered.sources) == (3, 2)
        assert (covered.oldest, covered.newest) == (TEA.published_at, newest)


def test_an_answer_is_withdrawn_when_a_document_of_it_is_deleted(data: Path) -> None:
    with engine(data) as local:
        cites_tea = local.ask(Question("tea moon?"), "ada")
        assert local.withdraw() == ()
        Desk(data, first=1000).builder().delete(frozenset({"tea.txt"}))
    with engine(data) as local:
        assert local.withdraw() == ("tea.txt",)
        assert local.withdraw() == ()
        with pytest.raises(AnswerWithdrawn):
            local.saved(cites_tea.id)
