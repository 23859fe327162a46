import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wire import BUNDLED_ARTICLES
from corpus.article import Article
from corpus.read import Found, list_files, read_files
from index.copies import _sketch, are_copies, cluster_ids, runs_of
from index.snapshot import open_current
from index.store import NO_FILTERS, Filters
from tests.fakes import Desk

WORDS = [f"w{n}" for n in range(900)]


def text(*ranges: tuple[int, int]) -> str:
    """The words of these half-open ranges."""
    return " ".join(word for start, end in ranges for word in WORDS[start:end])


def clusters(articles: dict[str, str]) -> dict[str, str]:
    """The cluster id of each, in the order given."""
    ids = list(articles)
    found = cluster_ids(ids, lambda place: articles[ids[place]], lambda _: None)
    return dict(zip(ids, found, strict=True))


@pytest.mark.parametrize(
    ("one", "other", "want"),
    [
        pytest.param(text((0, 60)), text((0, 60)), True, id="the same"),
        pytest.param(text((0, 60)), text((100, 160)), False, id="nothing in common"),
        # 57 runs each of 60 words; 40 words in common have 37: 37 / (57 + 57 - 37) = 0.48
        pytest.param(text((0, 60)), text((0, 40), (100, 120)), True, id="a third is another's"),
        # 30 in common have 27 runs: 27 / (57 + 57 - 27) = 0.31
        pytest.param(text((0, 60)), text((0, 30), (100, 130)), False, id="a half is another's"),
        # all 47 runs of 50 words are among the 597 of 600
        pytest.param(text((0, 50)), text((0, 600)), True, id="a brief taken from a long article"),
        # 37 runs are fewer than 40, and 37 of 597 is 0.06
        pytest.param(text((0, 40)), text((0, 600)), False, id="a note that a long article has"),
        # 47 and 457 runs; the first 40 words have 37 in common: 37 / 47 = 0.79 is below 0.8
        pytest.param(text((0, 50)), text((0, 40), (300, 720)), False, id="a long quotation"),
        # 19 runs of 22 words are few; the first 20 words have 17: 17 / (19 + 19 - 17) = 0.81
        pytest.param(text((0, 22)), text((0, 20), (30, 32)), True, id="a short text, its end new"),
        # 19 words have 16: 16 / 22 = 0.73
        pytest.param(text((0, 22)), text((0, 19), (30, 33)), False, id="short, a little more new"),
        pytest.param("Tea", "TEA!", True, id="one word, other case"),
        pytest.param("Tea", "Rain", False, id="another word"),
        pytest.param("", "", False, id="no word"),
        pytest.param("本日東京で開催", "本日東京で開催", True, id="a script without blanks"),
        pytest.param("本日東京で開催", "昨日大阪で閉幕", False, id="another event"),
    ],
)
def test_versions_of_one_story_are_copies(one: str, other: str, *, want: bool) -> None:
    assert are_copies(runs_of(one), runs_of(other)) is want
    assert are_copies(runs_of(other), runs_of(one)) is want
    assert (len(set(clusters({"a": one, "b": other}).values())) == 1) is want


def test_a_cluster_is_called_by_its_first_id() -> None:
    same = text((0, 60))
    assert clusters({"c": same, "x": text((60, 120)), "B": same, "a": same}) == {
        "c": "B", "x": "x", "B": "B", "a": "B",
    }  # fmt: skip


def test_a_chain_of_weekly_reports_is_not_one_story() -> None:
    """A new week keeps 60 of 80 words, 57 / (77 + 77 - 57) = 0.59.

    Of the week before that it keeps 40, 37 / (77 + 77 - 37) = 0.32. All but the ends have
    two copies, so "1" is the first centre and takes its neighbours; then "3" takes "4", and "5"
    is left alone.
    """
    weeks = {str(n): text((20 * n, 20 * n + 80)) for n in range(6)}
    assert clusters(weeks) == {"0": "0", "1": "0", "2": "0", "3": "3", "4": "3", "5": "5"}


def test_no_articles_are_no_clusters() -> None:
    assert clusters({}) == {}


def test_a_tail_under_every_article_makes_no_copies() -> None:
    """30 words of 130: 27 / (127 + 127 - 27) = 0.12 at most."""
    articles = {str(n): text((100 * n, 100 * n + 100), (860, 890)) for n in range(8)}
    assert set(clusters(articles).values()) == set(articles)


def test_a_crowd_of_equal_articles_is_one_cluster() -> None:
    crowd = {f"{n:03}": text((0, 60)) for n in range(120)}
    assert set(clusters(crowd).values()) == {"000"}


def test_it_is_told_how_far_the_work_is() -> None:
    steps: list[int] = []
    cluster_ids([str(n) for n in range(1003)], lambda place: WORDS[place % 900], steps.append)
    assert steps == [1000, 3]


@st.composite
def collections(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Articles of paragraphs of 20 words, some of them shared."""
    parts = st.lists(st.integers(0, 9), min_size=0, max_size=6)
    ids = draw(st.lists(st.text("abc/é", min_size=1, max_size=4), unique=True, max_size=8))
    return [(name, text(*((20 * n, 20 * n + 20) for n in draw(parts)))) for name in ids]


@settings(max_examples=60, deadline=None)
@given(collections(), st.randoms(use_true_random=False))
def test_the_order_of_the_articles_makes_no_difference(
    articles: list[tuple[str, str]], rnd: random.Random
) -> None:
    found = clusters(dict(articles))
    shuffled = list(articles)
    rnd.shuffle(shuffled)
    assert clusters(dict(shuffled)) == found


@settings(max_examples=60, deadline=None)
@given(collections())
def test_every_cluster_has_a_centre_that_the_others_are_copies_of(
    articles: list[tuple[str, str]],
) -> None:
    texts = dict(articles)
    members: dict[str, list[str]] = {}
    for name, cluster in clusters(texts).items():
        members.setdefault(cluster, []).append(name)
    for cluster, names in members.items():
        assert cluster == min(names)
        assert any(
            all(are_copies(runs_of(texts[a]), runs_of(texts[b])) for b in names if b != a)
            for a in names
        )


def test_another_process_finds_the_same_runs() -> None:
    """Python salts its own hashes anew in every process."""
    script = (
        "from index.copies import runs_of; print(runs_of('Six words of a short text').tolist())"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == str(runs_of("Six words of a short text").tolist())


def test_signatures_are_those_of_every_machine_and_release() -> None:
    """A library that hashes otherwise would find other candidates: then raise the format."""
    signature = _sketch([runs_of("Five words and a bit more of it")], lambda _: None)[0]
    assert signature[:4].tolist() == [3248339297, 3667043804, 525969727, 3382184184]


STORY = text((0, 60))
FIRST = Article("first.txt", "", STORY, source="Post")
SECOND = Article("second.txt", "", STORY + " end", source="Courier")
OTHER = Article("other.txt", "", text((60, 90)), source="Post")


def indexed(data: Path, *articles: Article) -> Desk:
    """An index of these articles."""
    desk = Desk(data)
    desk.update(*(Found(article, f"/in/{article.id}", None) for article in articles))
    return desk


def test_a_snapshot_knows_the_copies_of_every_article(tmp_path: Path) -> None:
    indexed(tmp_path, SECOND, OTHER, FIRST)
    articles = open_current(tmp_path).articles
    assert [articles.cluster_id(a.id) for a in (FIRST, SECOND, OTHER)] == [
        "first.txt", "first.txt", "other.txt",
    ]  # fmt: skip
    assert articles.copies("second.txt", NO_FILTERS) == ("first.txt",)
    assert articles.copies("other.txt", NO_FILTERS) == ()


def test_copies_pass_the_filters(tmp_path: Path) -> None:
    indexed(tmp_path, SECOND, FIRST)
    articles = open_current(tmp_path).articles
    assert articles.copies("first.txt", Filters(sources=("courier",))) == ("second.txt",)
    assert articles.copies("first.txt", Filters(sources=("post",))) == ()


def test_clusters_follow_a_change_and_a_removal(tmp_path: Path) -> None:
    desk = indexed(tmp_path, FIRST, SECOND)
    changed = replace(SECOND, text=OTHER.text)
    desk.update(*(Found(article, "/in/x", None) for article in (FIRST, changed)))
    assert open_current(tmp_path).articles.cluster_id("second.txt") == "second.txt"
    desk.update(*(Found(article, "/in/x", None) for article in (FIRST, SECOND)))
    desk.builder().delete(frozenset({"first.txt"}))
    assert open_current(tmp_path).articles.cluster_id("second.txt") == "second.txt"


def test_of_the_bundled_articles_only_the_wire_story_has_a_copy() -> None:
    texts = {
        item.article.id: item.article.text
        for item in read_files(list_files([BUNDLED_ARTICLES])[0])
        if isinstance(item, Found)
    }
    copied = {name for name, cluster in clusters(texts).items() if cluster != name}
    assert len(texts) == 16
    assert copied == {"wire/sedgeholm-brennick-tillerway-quillhaven-evening-post.md"}
