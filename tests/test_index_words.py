from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.words import Near, WordStore, is_spelt, words_of

COUNTS = {"capital": 7, "capitals": 2, "carpet": 5, "über": 3, "überall": 1, "столица": 4}


def store(folder: Path, counts: Mapping[str, int] = COUNTS) -> WordStore:
    folder.mkdir(exist_ok=True)
    WordStore.write(folder, counts)
    return WordStore.open(folder)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> WordStore:
    return store(tmp_path_factory.mktemp("words"))


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("The Heron's price, twice: HERON", "the heron price twice heron", id="cases"),
        pytest.param("we're don’t o'clock", "", id="contractions are none"),
        pytest.param("ada@post.org post.org/tea.", "", id="nor are addresses"),
        pytest.param("T9 x86 covid19 2027", "", id="nor is what has a digit"),
        pytest.param("Zu\u0308rich Straße", "zürich straße", id="composed"),
        pytest.param("東京 서울 ไทย ירושלים", "", id="letters of one case only"),
        pytest.param("Столица of Ελλάδα", "столица ελλάδα", id="other alphabets"),
    ],
)
def test_words(text: str, want: str) -> None:
    assert list(words_of(text)) == want.split()


@given(st.text(max_size=60))
def test_words_of_any_text_are_words_in_lower_case(text: str) -> None:
    for word in words_of(text):
        assert is_spelt(word)
        assert word == word.lower()


@pytest.mark.parametrize(
    ("word", "edits", "want"),
    [
        pytest.param("capitol", 1, [Near("capital", 1, 7)], id="another letter"),
        pytest.param("captial", 1, [Near("capital", 1, 7)], id="two swapped count once"),
        pytest.param(
            "capitol", 2, [Near("capital", 1, 7), Near("capitals", 2, 2)], id="nearest first"
        ),
        pytest.param("capita", 2, [Near("capital", 1, 7), Near("capitals", 2, 2)], id="missing"),
        pytest.param("capital", 1, [Near("capitals", 1, 2)], id="not the word itself"),
        pytest.param("uber", 1, [Near("über", 1, 3)], id="an accent is an edit"),
        pytest.param("столца", 1, [Near("столица", 1, 4)], id="letters, not bytes"),
        pytest.param("summit", 2, [], id="nothing near"),
        pytest.param("c*p.t+l", 2, [], id="no character is syntax"),
    ],
)
def test_near_words(words: WordStore, word: str, edits: int, want: list[Near]) -> None:
    assert words.near(word, edits) == want


def test_of_many_that_are_near_the_most_frequent_are_found(tmp_path: Path) -> None:
    """A letter more before or behind: 116 words are one edit away, more than come back."""
    letters = [chr(code) for code in range(0x430, 0x450)] + list("abcdefghijklmnopqrstuvwxyz")
    counts = dict.fromkeys([one for a in letters for one in (f"worl{a}", f"{a}worl")], 1)
    counts |= {"world": 9, "worlk": 5}
    found = store(tmp_path, counts).near("worl", 1)
    assert [one.word for one in found[:2]] == ["world", "worlk"]


def test_a_store_of_no_words_finds_nothing(tmp_path: Path) -> None:
    empty = store(tmp_path, {})
    assert len(empty) == 0
    assert empty.near("capital", 2) == []


def test_what_is_no_store_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"meta\.json"):
        WordStore.open(tmp_path)
    with pytest.raises(OSError, match="missing"):
        WordStore.write(tmp_path / "missing", COUNTS)
