import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot.answer import Answer
from bot.http_api.service import Service
from bot.http_api.views import Overviews
from bot.live import Kept, Opened
from bot.overview import Order, Overview, overview
from corpus.article import Article
from index.errors import ArticleNotFound, NoSnapshot
from tests.bot_fakes import library
from tests.fakes import Desk
from tests.http_fakes import as_opened, client, error_of, service

DAYS = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
ARTICLES = (
    Article("b", "“Zebra”", "Tea.", source="The Post", published_at=DAYS[1]),
    Article("a", "apple", "Car.", source="Sea", published_at=DAYS[2]),
    Article("d", "Mango", "Moon.", source="The Post", published_at=DAYS[0]),
    Article("c", "mango", "Rain.", published_at=DAYS[1]),
    Article("e", "fig", "Whale."),
)


@pytest.fixture
def parts(tmp_path: Path) -> Service:
    library(tmp_path / "data", *ARTICLES)
    return service(tmp_path / "data")


@pytest.fixture
def view(parts: Service) -> Overview:
    opened = parts.kept.current()
    return overview(opened, parts.asks(opened))


@pytest.fixture
def http(parts: Service) -> Iterator[TestClient]:
    with client(parts) as asking:
        yield asking


def test_it_counts_outlets_and_spans_dates(view: Overview) -> None:
    assert view.ids == ("a", "b", "c", "d", "e")
    assert view.sources == (("The Post", 2), ("Sea", 1))
    assert (view.oldest, view.newest, view.undated) == (DAYS[0], DAYS[2], 1)
    assert view.examples == ()


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("id", "abcde"),
        ("newest", "abcde"),  # 3 January, twice 2 January, 1 January, none
        ("oldest", "dbcae"),
        ("title", "aecdb"),  # apple, fig, mango, Mango, “Zebra”
    ],
)
def test_each_order_has_every_article_once_over_pages(
    view: Overview, order: Order, ids: str
) -> None:
    assert view.page(order, "", 9, None) == list(ids)
    one_by_one = [view.page(order, after, 1, None) for after in ["", *ids]]
    assert one_by_one == [*([article_id] for article_id in ids), []]


def test_an_outlet_compares_without_case(view: Overview) -> None:
    assert view.page("oldest", "", 9, "the post") == ["d", "b"]
    assert view.page("oldest", "d", 9, "THE POST") == ["b"]
    assert (view.count("the post"), view.count("nobody"), view.count(None)) == (2, 0, 5)


@pytest.mark.parametrize("after", ["0", "bb", "zzz"])
def test_a_page_after_an_article_that_is_gone_is_refused(view: Overview, after: str) -> None:
    with pytest.raises(ArticleNotFound):
        view.page("newest", after, 1, None)


def test_a_snapshot_is_read_once_for_all_who_ask(parts: Service, tmp_path: Path) -> None:
    made: list[str] = []

    def asks(opened: Opened) -> Callable[[str], Answer]:
        made.append(opened.retriever.info.snapshot_id)
        return parts.asks(opened)

    async def ask() -> None:
        views, opened = Overviews(asks), parts.kept.current()
        first, second = await asyncio.gather(views.of(opened), views.of(opened))
        assert first is second
        Desk(tmp_path / "data", first=1000).builder().delete(frozenset({"e"}))
        assert (await views.of(parts.kept.refresh())).ids == ("a", "b", "c", "d")

    asyncio.run(ask())
    assert len(made) == len(set(made)) == 2


def test_an_empty_collection_has_an_overview(parts: Service, tmp_path: Path) -> None:
    opened = as_opened(library(tmp_path / "none", ARTICLES[0], gone=["b"]))
    found = overview(opened, parts.asks(opened))
    assert (found.ids, found.sources, found.oldest, found.examples) == ((), (), None, ())


def test_the_collection_is_told_over_http(http: TestClient) -> None:
    found = http.get("/v1/collection").json()
    assert found["object"] == "collection"
    assert (found["documents"], found["undated"], found["sources_total"]) == (5, 1, 2)
    assert found["oldest_published_at"] == "2026-01-01T00:00:00Z"
    assert found["newest_published_at"] == "2026-01-03T00:00:00Z"
    assert found["sources"][0] == {"name": "The Post", "documents": 2}
    assert found["index"]["documents"] == 5


def test_documents_come_in_other_orders(http: TestClient) -> None:
    wanted: dict[str, str | int] = {"order": "title", "limit": 2, "source": "the post"}
    first = http.get("/v1/documents", params=wanted).json()
    assert [record["id"] for record in first["data"]] == ["d", "b"]
    assert (first["next"], first["total"]) == (None, 2)
    pages = http.get("/v1/documents", params={"order": "newest", "limit": 3}).json()
    assert (pages["next"], pages["total"]) == ("c", 5)
    gone = http.get("/v1/documents", params={"order": "newest", "after": "x"})
    assert error_of(gone, 404)["code"] == "document_not_found"
    wrong = http.get("/v1/documents", params={"order": "length"})
    assert error_of(wrong, 422)["param"] == "order"


def test_no_index_is_said_so(parts: Service) -> None:
    def nothing() -> Opened:
        raise NoSnapshot(Path("/data"))

    with client(replace(parts, kept=Kept(nothing))) as asking:
        assert error_of(asking.get("/v1/collection"), 503)["code"] == "no_index"
