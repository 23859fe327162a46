import pytest

from bot.formed import is_formed

COMMON = {"help", "game", "drive", "carry", "stop", "rain", "fall", "dr"}
UNLIKE = [
    "hepl",
    "hlepers",
    "gurantee",
    "mak",
    "rainfal",
    "stopp",
    "happi",
    "driv",
    "undr",
    "unn",
    "s",
]


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("help", id="a common word"),
        pytest.param("helpers", id="an ending"),
        pytest.param("driving", id="its e left out"),
        pytest.param("carried", id="its y an i"),
        pytest.param("stopped", id="its last letter doubled"),
        pytest.param("pregame", id="a beginning"),
        pytest.param("unhelpful", id="both"),
        pytest.param("rainfall", id="two words"),
    ],
)
def test_formed_of_common_words(word: str) -> None:
    assert is_formed(word, COMMON.__contains__)


@pytest.mark.parametrize("word", [*UNLIKE, ""])
def test_not_formed_of_common_words(word: str) -> None:
    """`undr` would be `un` and `dr`: too short to form words of."""
    assert not is_formed(word, COMMON.__contains__)
