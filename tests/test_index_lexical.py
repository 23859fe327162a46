from collections.abc import Iterable
from math import log
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import tantivy_files
from index.lexical import LexicalStore, terms_of

TEXTS = ("Cars drive.", "The moon.", "A car and a moon.", "Nothing else.")


def store(folder: Path, texts: Iterable[str] = TEXTS) -> LexicalStore:
    folder.mkdir(exist_ok=True)
    LexicalStore.write(folder, texts)
    return LexicalStore.open(folder)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> LexicalStore:
    return store(tmp_path_factory.mktemp("words"))


def rows(words: LexicalStore, text: str, k: int = 10) -> list[int]:
    return [near.row for near in words.search(text, k)]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("Driving CARS", ["drive", "car"], id="stemmed, lower case"),
        pytest.param("café naïve", ["cafe", "naiv"], id="no accents"),
        pytest.param("the car, the car!", ["car", "car"], id="no stop words; repeats stay"),
        pytest.param("is it the", [], id="stop words only"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_terms(text: str, want: list[str]) -> None:
    assert terms_of(text) == want


def test_a_word_is_found_in_its_other_forms(words: LexicalStore) -> None:
    assert rows(words, "driven driving driver car") == [0, 2]


def test_any_of_the_words_is_enough_and_both_are_better(words: LexicalStore) -> None:
    assert rows(words, "car moon")[0] == 2
    assert sorted(rows(words, "car moon")) == [0, 1, 2]


@pytest.mark.parametrize("text", ["", "the of and", "zebra", "?!"])
def test_what_no_passage_has_finds_nothing(words: LexicalStore, text: str) -> None:
    assert words.search(text, 10) == []


@pytest.mark.parametrize(
    "text",
    [
        "car AND zebra",
        "car -moon",
        "+car",
        '"car',
        "text:car",
        "car^9",
        "(car",
        "car OR",
        "ca*",
        "]",
    ],
)
def test_no_character_is_query_syntax(words: LexicalStore, text: str) -> None:
    """`AND` and `OR` are stop words; `-moon` asks for the moon; `ca` is no passage's word."""
    plain = "".join(c if c.isalnum() else " " for c in text)
    assert words.search(text, 10) == words.search(plain, 10)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_a_question(words: LexicalStore, text: str) -> None:
    assert len(words.search(text, 2)) <= 2


def test_a_word_asked_twice_counts_twice(words: LexicalStore) -> None:
    [one], [two] = words.search("drive", 1), words.search("drive drive", 1)
    assert two.score == pytest.approx(2 * one.score)


def test_the_score_is_bm25(tmp_path: Path) -> None:
    """Two passages of one and three terms, both with `car`, once and twice.

    idf = ln(1 + (2 - 2 + 0.5) / (2 + 0.5)) = ln 1.2; the mean length is 2, k1 = 1.2, b = 0.75:
    1 · 2.2 / (1 + 1.2 · (0.25 + 0.75 · 1/2)) and 2 · 2.2 / (2 + 1.2 · (0.25 + 0.75 · 3/2)).
    """
    found = dict(store(tmp_path, ["car", "car car moon"]).search("car", 2))
    assert found[0] == pytest.approx(log(1.2) * 2.2 / 1.75)
    assert found[1] == pytest.approx(log(1.2) * 4.4 / 3.65)


@pytest.mark.parametrize(
    ("term", "want"),
    [
        pytest.param("car", log(1 + 2.5 / 2.5), id="in 2 of 4: (4 - 2 + 0.5) / (2 + 0.5)"),
        pytest.param("drive", log(1 + 3.5 / 1.5), id="in 1 of 4"),
        pytest.param("zebra", log(1 + 4.5 / 0.5), id="in none"),
    ],
)
def test_the_weight_of_a_term(words: LexicalStore, term: str, want: float) -> None:
    assert words.weight(term) == pytest.approx(want)


@pytest.mark.parametrize("k", [1, 3, 100])
def test_ties_come_in_passage_order(tmp_path: Path, k: int) -> None:
    assert rows(store(tmp_path, ["tea", "car moon"] * 200), "moon car", k) == [*range(1, 2 * k, 2)]


@pytest.mark.slow
def test_ties_come_in_passage_order_across_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the least memory that tantivy takes, 60 000 passages become several segments."""
    monkeypatch.setattr(tantivy_files, "_WRITER_BYTES", 15_000_000)
    words = store(tmp_path, (f"tea w{n} x{n} y{n} z{n} v{n}" for n in range(60_000)))
    assert len({path.stem for path in tmp_path.glob("*.idx")}) > 1
    assert rows(words, "tea", 5) == [0, 1, 2, 3, 4]


def test_only_the_given_rows_are_searched(words: LexicalStore) -> None:
    assert [near.row for near in words.search("car moon", 10, rows=[1, 3, 0])] == [1, 0]
    assert words.search("car", 10, rows=[]) == []


def test_the_score_does_not_depend_on_the_given_rows(words: LexicalStore) -> None:
    everywhere = {near.row: near.score for near in words.search("car moon", 10)}
    assert [near.score for near in words.search("car moon", 10, rows=[2])] == [everywhere[2]]


@pytest.mark.parametrize("k", [0, -1])
def test_none_wanted_none_returned(words: LexicalStore, k: int) -> None:
    assert words.search("car", k) == []


def test_an_empty_store_finds_nothing(tmp_path: Path) -> None:
    words = store(tmp_path, [])
    assert len(words) == 0
    assert words.search("car", 3) == []


def test_the_same_texts_give_the_same_hits(tmp_path: Path) -> None:
    one, two = store(tmp_path / "one"), store(tmp_path / "two")
    assert one.search("car moon drive", 10) == two.search("car moon drive", 10)


def test_a_store_stays_usable_when_its_folder_is_gone(tmp_path: Path) -> None:
    words = store(tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    assert rows(words, "car") == [0, 2]
    assert words.weight("car") == pytest.approx(log(2))


def test_a_folder_without_a_store_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"meta\.json"):
        LexicalStore.open(tmp_path)


def test_a_folder_that_is_missing_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        LexicalStore.write(tmp_path / "missing", ["car"])
