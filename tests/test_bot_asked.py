import pytest

from bot.asked import asks_age, gives_age


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("how old is she", True),
        ("At what age did he retire?", True),
        ("How long was he in charge?", False),
        ("What is the old price?", False),
        ("What was the average?", False),
    ],
)
def test_an_age_is_asked_for(question: str, asks: bool) -> None:  # noqa: FBT001
    assert asks_age(question) is asks


@pytest.mark.parametrize(
    "sentence",
    [
        "Venncombe, 51, is the first outsider.",
        "It went to Newton (26) and Manning.",
        "Manning was 39, Newton was not.",
        "His own car is 19 years old.",
        "A 12-year-old boy saw it: he was nine years old then.",
        "She died aged seventy-one.",
        "He retired at the age of 65.",
        "Elway turned 38 that June.",
    ],
)
def test_news_gives_an_age_in_many_ways(sentence: str) -> None:
    assert gives_age(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "She led the laboratory from 2014 to 2020.",
        "He ran it for 11 years.",
        "Some 1,340 people work there, 47 of them at night.",
        "The price was 39 florins.",
        "An old house was sold.",
    ],
)
def test_other_numbers_are_no_age(sentence: str) -> None:
    assert not gives_age(sentence)
