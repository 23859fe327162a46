import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.article import Article, Passage
from index.errors import ArticleNotFound
from index.store import ArticleStore, ArticleWriter, Cut, Filters, Stored

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
FULL = Article(
    id="a/1.md",
    title="A “title” — 'quoted'",
    text="Zeile 1\n\n𝄞 line; DROP TABLE articles; -- ☂",
    url="https://example.org/?a=1#b",
    source="The Öffentliche Post",
    author="O'Brien",
    published_at=datetime(2026, 1, 2, 5, 0, 0, 250, tzinfo=timezone(timedelta(hours=-7))),
    updated_at=NOON,
    language="en",
)
BARE = Article("b", "", "")

Save = Callable[..., ArticleStore]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Make a store of articles, each with one passage of one sentence."""

    def write(*articles: Article, name: str = "articles.sqlite") -> ArticleStore:
        with closing(ArticleWriter(tmp_path / name)) as writer:
            for ordinal, article in enumerate(articles, 1):
                writer.add(article, f"/in/{article.id}")
                writer.add_passages(ordinal, [Cut(Passage(article.id, 0, 1, 0), 1, b"h")])
        return ArticleStore(tmp_path / name)

    return write


def test_every_field_survives(save: Save) -> None:
    store = save(FULL, BARE)
    assert store.article("a/1.md") == FULL
    assert store.article("a/1.md").revision == FULL.revision
    assert list(store.articles()) == [Stored(FULL, "/in/a/1.md"), Stored(BARE, "/in/b")]


def test_an_article_is_read_once(save: Save) -> None:
    store = save(FULL, BARE)
    assert store.article(FULL.id) is store.article(FULL.id)
    assert store.article(BARE.id) == BARE


def test_what_is_kept_of_a_store_does_not_keep_it_open(save: Save) -> None:
    """The file is closed with the last user, not when the garbage collector comes by."""
    store = save(FULL)
    store.article(FULL.id)
    gone = weakref.ref(store)
    gc.disable()
    try:
        del store
        assert gone() is None
    finally:
        gc.enable()


def test_times_come_back_in_utc(save: Save) -> None:
    """05:00 at -07:00 is noon."""
    published_at = save(FULL).article(FULL.id).published_at
    assert published_at is not None
    assert published_at.isoformat() == "2026-01-02T12:00:00.000250+00:00"


@given(text=st.text(st.characters(codec="utf-8")), title=st.text(st.characters(codec="utf-8")))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, text: str, title: str) -> None:
    path = tmp_path_factory.mktemp("store") / "articles.sqlite"
    with closing(ArticleWriter(path)) as writer:
        writer.add(Article(title, title, text), "")
    with closing(ArticleStore(path)) as store:
        assert store.article(title) == Article(title, title, text)


def test_an_unknown_article_is_named(save: Save) -> None:
    with pytest.raises(ArticleNotFound, match="'nowhere'"):
        save(FULL).article("nowhere")


def test_pages_go_by_id_to_the_end(save: Save) -> None:
    store = save(BARE, FULL, Article("c", "", ""))
    assert [article.id for article in store.page("", 2)] == ["a/1.md", "b"]
    assert [article.id for article in store.page("b", 2)] == ["c"]
    assert store.page("c", 2) == []
    assert store.page("", 1) == [FULL]


def test_passages_and_sentences_come_in_the_order_asked_for(tmp_path: Path) -> None:
    """Article a has passages of 2 and 3 sentences, b one of none and one of 1."""
    first, second = Passage("a", 0, 5, 0), Passage("a", 6, 9, 1)
    third, fourth = Passage("b", 0, 4, 0), Passage("b", 4, 8, 1)
    with closing(ArticleWriter(tmp_path / "s")) as writer:
        writer.add(Article("a", "", "x"), "")
        writer.add(Article("b", "", "x"), "")
        writer.add_passages(1, [Cut(first, 2, b"1"), Cut(second, 3, b"2")])
        writer.add_passages(2, [Cut(third, 0, b"3"), Cut(fourth, 1, b"4")])
        assert writer.passages(1, "a") == [first, second]
        assert list(writer.articles()) == [(1, Article("a", "", "x")), (2, Article("b", "", "x"))]
    with closing(ArticleStore(tmp_path / "s")) as store:
        assert store.passages([3, 0, 3]) == [fourth, first, fourth]
        assert store.sentence_rows([3, 1, 2, 0]) == [
            range(5, 6),
            range(2, 5),
            range(5, 5),
            range(2),
        ]
        assert (store.article_count, store.passage_count, store.sentence_count) == (2, 4, 6)
        assert store.passages([]) == []
        assert store.sentence_rows([]) == []


def test_more_rows_than_a_statement_takes(tmp_path: Path) -> None:
    passages = [Passage("a", n, n + 1, n) for n in range(1201)]
    with closing(ArticleWriter(tmp_path / "s")) as writer:
        writer.add(Article("a", "", "x"), "")
        writer.add_passages(1, [Cut(passage, 1, b"") for passage in passages])
    with closing(ArticleStore(tmp_path / "s")) as store:
        assert store.passages(range(1200, -1, -1)) == passages[::-1]
        assert store.sentence_rows(range(1201)) == [range(n, n + 1) for n in range(1201)]


def test_an_empty_store_counts_nothing(save: Save) -> None:
    store = save()
    assert (store.article_count, store.passage_count, store.sentence_count) == (0, 0, 0)
    assert list(store.articles()) == []
    assert store.matching_rows(Filters(sources=("x",))) == []


DATED = (
    Article("old", "", "x", source="Post", published_at=NOON - timedelta(days=1)),
    Article("noon", "", "x", source="THE ÖFFENTLICHE", published_at=NOON),
    Article("late", "", "x", source="post", published_at=NOON + timedelta(microseconds=1)),
    Article("undated", "", "x"),
)


@pytest.mark.parametrize(
    ("filters", "want"),
    [
        pytest.param(Filters(), [0, 1, 2, 3], id="none"),
        pytest.param(Filters(published_after=NOON), [1, 2], id="after is inclusive"),
        pytest.param(Filters(published_before=NOON), [0], id="before is exclusive"),
        pytest.param(
            Filters(published_after=NOON.astimezone(timezone(timedelta(hours=9)))),
            [1, 2],
            id="the same moment in another zone",
        ),
        pytest.param(
            Filters(published_after=NOON + timedelta(microseconds=1)), [2], id="a microsecond"
        ),
        pytest.param(Filters(sources=("POST",)), [0, 2], id="a source in any case"),
        pytest.param(Filters(sources=("the öffentliche",)), [1], id="and any alphabet"),
        pytest.param(Filters(sources=()), [], id="no source at all"),
        pytest.param(Filters(document_ids=("undated", "old", "?")), [0, 3], id="ids"),
        pytest.param(Filters(document_ids=("OLD",)), [], id="ids compare with case"),
        pytest.param(Filters(sources=("post",), published_before=NOON), [0], id="both must pass"),
    ],
)
def test_filters(save: Save, filters: Filters, want: list[int]) -> None:
    assert save(*DATED).matching_rows(filters) == want


def test_filters_are_false_when_nothing_is_asked() -> None:
    assert not Filters()
    assert Filters(sources=())


def test_thousands_of_ids_are_one_filter(save: Save) -> None:
    many = tuple(f"id {n}" for n in range(50_000))
    assert save(*DATED).matching_rows(Filters(document_ids=(*many, "noon"))) == [1]


def test_a_comparison_counts_new_changed_and_gone(save: Save, tmp_path: Path) -> None:
    """Before: a, b, c, d. Now: a as it was, b with another text, d redated; e and f are new."""
    save(*(Article(name, "", name) for name in "abcd"), name="before")
    now = [
        Article("a", "", "a"),
        Article("b", "", "B"),
        Article("d", "", "d", published_at=NOON),
        Article("e", "", "e"),
        Article("f", "", "f"),
    ]
    with closing(ArticleWriter(tmp_path / "now")) as writer:
        for article in now:
            writer.add(article, "")
        assert writer.compare(tmp_path / "before") == (2, 1, 1)
        assert writer.compare(None) == (5, 0, 0)
        assert writer.has("f")
        assert not writer.has("c")


@pytest.mark.parametrize(
    "other",
    [
        [(BARE, "/in/b"), (FULL, "/in/a")],
        [(FULL, "/in/a")],
        [(FULL, "/in/a"), (BARE, "/elsewhere/b")],
        [(FULL, "/in/a"), (Article("b", "", "", author="x"), "/in/b")],
        [(FULL, "/in/a"), (Article("b", "", "", published_at=NOON), "/in/b")],
    ],
    ids=["order", "number", "origin", "author", "date"],
)
def test_the_digest_changes_with(tmp_path: Path, other: list[tuple[Article, str]]) -> None:
    def digest(name: str, articles: list[tuple[Article, str]]) -> str:
        with closing(ArticleWriter(tmp_path / name)) as writer:
            for article, origin in articles:
                writer.add(article, origin)
            return writer.digest

    same = [(FULL, "/in/a"), (BARE, "/in/b")]
    assert digest("1", same) == digest("2", same) != digest("3", other)


def test_threads_share_a_store(save: Save) -> None:
    store = save(*DATED)
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda n: store.passages([n % 4])[0].article_id, range(200))
        assert list(found) == [article.id for article in DATED] * 50


def test_odd_characters_in_the_folder_name(tmp_path: Path) -> None:
    path = tmp_path / "a?b=c%41 #ü.sqlite"
    with closing(ArticleWriter(path)) as writer:
        writer.add(BARE, "")
    with closing(ArticleStore(path)) as store:
        assert store.article("b") == BARE
