import pytest

from bot.stand_ins import pair_of, with_chosen, with_noun

PAIR = ("Ansel Dorrivane", "Dagny Sorrelby")


@pytest.mark.parametrize(
    ("text", "topic", "want"),
    [
        ("the normal one today?", "the long-range Plover", "the normal Plover today?"),
        ("Is there a red one?", "the Heron", "Is there a red Heron?"),
        ("Did the new one survive?", "Jacksonville pier", "Did the new pier survive?"),
        ("What of the older ones?", "school buses", "What of the older buses?"),
        ("Another cheap one?", "the phone", "Another cheap phone?"),
    ],
)
def test_one_after_an_adjective_is_the_topics_noun(text: str, topic: str, want: str) -> None:
    assert with_noun(text, topic) == want


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        pytest.param("Is there a school in this one?", "the town", id="no adjective"),
        pytest.param("Which was the first one?", "the recall", id="one of several"),
        pytest.param("What of the other one?", "the recall", id="no sort"),
        pytest.param("And the old one?", "Ada Moe", id="a name has no sorts"),
        pytest.param("And the old one?", "the main points", id="a noun that says nothing"),
        pytest.param("And the old one?", "", id="no topic"),
        pytest.param("Does the old onerous rule hold?", "the law", id="no whole word"),
    ],
)
def test_one_that_may_mean_something_else_stays(text: str, topic: str) -> None:
    assert with_noun(text, topic) == text


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("How old is the first of the two?", "How old is Ansel Dorrivane?"),
        ("how old is the former", "how old is Ansel Dorrivane"),
        ("What does the second one of them earn?", "What does Dagny Sorrelby earn?"),
        ("Is the latter married?", "Is Dagny Sorrelby married?"),
        ("Is the latter older than the former?", "Is Dagny Sorrelby older than Ansel Dorrivane?"),
    ],
)
def test_the_chosen_of_two_is_named(text: str, want: str) -> None:
    assert with_chosen(text, PAIR) == want


@pytest.mark.parametrize(
    "text", ["Who came first of all?", "What is the first rule?", "Who was the second?"]
)
def test_an_order_of_other_things_stays(text: str) -> None:
    assert with_chosen(text, PAIR) == text


def test_without_two_names_nothing_is_chosen() -> None:
    assert with_chosen("And the latter?", PAIR[:1]) == "And the latter?"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Does Huawei like Mercedes and Audi?", ("Mercedes", "Audi")),
        ("Ada Moe or Ben Low.", ("Ada Moe", "Ben Low")),
        ("What do the Heron and the Plover cost?", ("Heron", "Plover")),
        ("Was Ada's or Ben's the older?", ("Ada", "Ben")),
        ("Was Ada born before Ben?", ()),
        ("DUNMERE, Marrenland - The plant has closed.", ()),
        ("They asked Ada.", ()),
    ],
)
def test_two_names_that_are_joined_are_a_pair(text: str, want: tuple[str, ...]) -> None:
    assert pair_of(text) == want
