from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answer import Answer
from bot.answerer import Question
from bot.database import FILE, Database
from bot.endpoint import Endpoint, HttpEngine
from bot.engine import Engine, LocalEngine
from bot.errors import AnswerWithdrawn, EndpointFailed, QuestionRefused
from bot.http_api.service import Service
from bot.keys import Keys
from bot.memory import Feedback, Memory
from index.errors import ArticleNotFound
from index.store import Filters
from tests.bot_fakes import NOW, TEA, WHALE, library
from tests.http_fakes import service, serving_here, wait_until


@pytest.fixture
def parts(tmp_path: Path) -> Service:
    library(tmp_path / "data", TEA, WHALE, replace(TEA, id="a b/ü?.txt", text="Rain tea."))
    return service(tmp_path / "data")


@pytest.fixture
def url(parts: Service) -> Iterator[str]:
    with serving_here(parts) as found:
        yield found


def over_http(url: str, folder: Path, key: str | None = None) -> HttpEngine:
    """An engine that asks the server and keeps its own things in a folder."""
    memory = Memory(Database(folder / FILE), lambda: NOW, 30)
    return HttpEngine(Endpoint(url, key), memory, lambda _: ())


def nameless(answer: Answer) -> Answer:
    """An answer but for what is made up anew each time."""
    return replace(answer, id="", conversation_id=None)


def test_an_endpoint_gives_the_same_answers(parts: Service, url: str, tmp_path: Path) -> None:
    memory = Memory(Database(tmp_path / "local" / FILE), lambda: NOW, 30)
    engines: list[Engine] = [
        over_http(url, tmp_path / "remote"),
        LocalEngine(parts.answerer, parts.kept, memory, lambda _: ()),
    ]
    asked = [
        Question("Tea moon?", conversation_id="new"),
        Question("whale moon?", max_citations=1, filters=Filters(sources=("SEA",))),
        Question("whale?", filters=Filters(published_before=NOW, document_ids=("tea.txt",))),
    ]
    try:
        for question in asked:
            remote, local = (engine.ask(question, "ada") for engine in engines)
            assert nameless(remote) == nameless(local)
            assert (remote.conversation_id is None) == (question.conversation_id is None)
        assert engines[0].articles("", 9) == engines[1].articles("", 9)
        assert engines[0].sources() == engines[1].sources()
        assert engines[0].collection() == engines[1].collection()
        assert engines[0].article("a b/ü?.txt") == engines[1].article("a b/ü?.txt")
    finally:
        for engine in engines:
            engine.close()


def test_an_endpoint_keeps_nothing_of_what_it_is_asked(
    parts: Service, url: str, tmp_path: Path
) -> None:
    engine = over_http(url, tmp_path)
    first = engine.ask(Question("Tea moon?", conversation_id="new"), "ada")
    second = engine.ask(Question("and rain?", conversation_id=first.conversation_id), "ada")
    assert "Tea" in second.standalone_question, "what was said goes along"
    engine.rate(first.id, Feedback("up"), "ada")
    assert engine.saved(first.id).answer == first.answer
    engine.close()
    for table in ("answers", "turns", "conversations", "feedback"):
        assert not parts.memory.database.all(f"SELECT * FROM {table}")  # noqa: S608


def test_an_article_that_is_gone_there_is_withdrawn_here(
    parts: Service, url: str, tmp_path: Path
) -> None:
    engine = over_http(url, tmp_path)
    answer = engine.ask(Question("whale moon?", filters=Filters(sources=("Sea",))), "ada")
    parts.delete("whale.txt")
    parts.kept.refresh()
    with pytest.raises(ArticleNotFound):
        engine.article("whale.txt")
    assert engine.withdraw() == ("whale.txt",)
    with pytest.raises(AnswerWithdrawn):
        engine.saved(answer.id)
    engine.close()


def test_a_key_is_sent_and_a_wrong_one_told_of(parts: Service, url: str, tmp_path: Path) -> None:
    _, text = Keys(parts.memory.database, parts.memory.now).add("bot", "read")
    with pytest.raises(EndpointFailed, match="it replies 401"):
        over_http(url, tmp_path).collection()
    wait_until(lambda: works(over_http(url, tmp_path, text)))


def works(engine: HttpEngine) -> bool:
    """Whether the server takes the key: it looks for new ones every second."""
    try:
        engine.collection()
    except EndpointFailed:
        return False
    return True


def test_what_is_no_citewire_is_told_of(url: str, tmp_path: Path) -> None:
    with pytest.raises(EndpointFailed, match="it replies 404"):
        over_http(f"{url}elsewhere", tmp_path).collection()
    with pytest.raises(EndpointFailed, match="can't be reached"):
        over_http("http://127.0.0.1:1/", tmp_path).collection()
    with pytest.raises(QuestionRefused):
        over_http(url, tmp_path).ask(Question(" "), "ada")
