"""Questions in other words, and on other things: what the reader's examples are made with."""

import random
from functools import cache
from pathlib import Path

import pytest

from evals.errors import InputUnusable
from evals.reading_examples import in_common
from evals.rewording import Thesaurus, mistaken, reworded, worse
from evals.wordnet import FOLDER, WordNet
from index.export import packaged_model
from tests.tiny_wordnet import write_wordnet

TEXT = "The film company bought a truck in the city of Arlen, and it was hot."
QUESTION = "Who said that a film company bought the truck of the city Arlen?"


@pytest.fixture
def wordnet(tmp_path: Path) -> WordNet:
    return WordNet(write_wordnet(tmp_path / "wordnet"))


@pytest.fixture
def thesaurus(wordnet: WordNet) -> Thesaurus:
    pytest.importorskip("safetensors", reason="training needs the extra `export`")
    return Thesaurus(wordnet, packaged_model())


@cache
def whole() -> WordNet:
    if not (FOLDER / "index.noun").is_file():
        pytest.skip("WordNet is not installed: apt-get install wordnet-base")
    return WordNet(FOLDER)


@pytest.mark.parametrize(
    ("word", "same"),
    [
        ("truck", ("lorry", "motor vehicle", "vehicle")),
        ("trucks", ("lorries", "motor vehicles", "vehicles")),
        ("buys", ("purchases",)),
        ("purchasing", ("buying",)),
        ("crossed", ("passed over",)),
        ("cities", ("metropolises", "places")),
        ("Arlen", ()),
        ("", ()),
    ],
)
def test_words_that_say_the_same_have_the_same_form(
    word: str, same: tuple[str, ...], wordnet: WordNet
) -> None:
    assert wordnet.same(word) == same


def test_opposites_are_found_beside_words_that_say_nearly_the_same(wordnet: WordNet) -> None:
    assert wordnet.opposites("hot") == ("cold",)
    assert wordnet.opposites("icy") == ("hot",)
    assert wordnet.opposites("purchases") == ("sells",)
    assert wordnet.opposites("truck") == ()


def test_siblings_are_other_things_of_a_kind(wordnet: WordNet) -> None:
    assert wordnet.siblings("truck") == ("tractor", "bus")
    assert wordnet.siblings("vehicle") == ()
    assert wordnet.siblings("sell") == ()


def test_without_the_dictionary_the_way_to_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputUnusable, match=r"index\.noun") as caught:
        WordNet(tmp_path)
    assert "apt-get install wordnet-base" in str(caught.value)


def test_the_dictionary_itself_is_read() -> None:
    assert "heavenly bodies" in whole().same("stars")
    assert "purchase" in whole().same("buy")
    assert "west" in whole().siblings("east")
    assert whole().opposites("buy") == ("sell",)


def test_a_thing_of_the_same_kind_says_something_else(thesaurus: Thesaurus) -> None:
    assert set(thesaurus.near("truck")) == {"lorry", "motor vehicle", "vehicle"}
    assert set(thesaurus.other("truck")) == {"tractor", "bus"}
    assert not set(thesaurus.near("second")) & set(thesaurus.other("second"))
    assert "third" in thesaurus.other("second")


@pytest.mark.parametrize("word", ["Berlin", "", "a", "x7", "Kawann", "##ing", "the"])
def test_nothing_stands_in_for_names_and_small_words(word: str, thesaurus: Thesaurus) -> None:
    assert thesaurus.near(word) == ()
    assert thesaurus.other(word) == ()


def test_a_reworded_question_has_less_in_common_with_the_text(thesaurus: Thesaurus) -> None:
    """Never more, often less; and it keeps what it has beside the text."""
    shares = []
    for seed in range(60):
        chance = random.Random(seed)  # noqa: S311  (no secret)
        other = reworded(QUESTION, TEXT, thesaurus, chance)
        assert other.startswith("Who said")
        shares.append(in_common(other, TEXT))
    assert max(shares) == in_common(QUESTION, TEXT)
    assert sum(share < in_common(QUESTION, TEXT) for share in shares) > 15


def test_a_mistaken_question_has_one_other_word(thesaurus: Thesaurus) -> None:
    """An opposite, or another thing of the kind, and nothing that the text has."""
    asked = set[str]()
    for seed in range(30):
        chance = random.Random(seed)  # noqa: S311  (no secret)
        other = mistaken(QUESTION, TEXT, thesaurus, chance)
        assert other is not None
        pairs = zip(QUESTION.split(), other.split(), strict=True)
        ((_, new),) = [pair for pair in pairs if pair[0] != pair[1]]
        asked.add(new)
    assert asked == {"tractor", "bus"}
    chance = random.Random(1)  # noqa: S311  (no secret)
    assert mistaken(QUESTION, f"{TEXT} Tractor, bus.", thesaurus, chance) is None


def test_a_worse_question_is_still_a_question() -> None:
    for seed in range(300):
        chance = random.Random(seed)  # noqa: S311  (no secret)
        assert worse("Is it?", chance).strip()
