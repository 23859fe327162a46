import pytest

from bot.evidence import Evidence
from bot.second_look import asks_two_things, elsewhere, with_other
from tests.bot_fakes import evidence


@pytest.mark.parametrize(
    "question",
    [
        "When did she leave, and which year did she come back?",
        "Who built the mill and in which town does it stand?",
        "Which carmaker is both starting a firm and buying shares?",
        "Which two laws cause trouble?",
        "Two plants changed shifts. What was the reason in each case?",
        "How much cheaper is it compared with last year?",
        "What is the difference between the two vans?",
        "How many were added between May and July?",
        "What costs more: a licence, or a sensor bought in bulk?",
        "What was the previous job of the man who runs it?",
        "How old are the pumps that the city bought?",
        "What do the Heron and the Plover cost?",
        "Is Ada Moe or Ben Low in charge?",
    ],
)
def test_a_question_about_two_things_is_known_by_its_form(question: str) -> None:
    assert asks_two_things(question)


@pytest.mark.parametrize(
    "question",
    [
        "What does the Heron cost?",
        "Who runs it?",
        "Can I work from home, and how often?",
        "does it make its own cars or what",
        "Why is it dearer than a simple one?",
        "Which of the two is older?",
        "How far can the Heron go, roughly?",
        "How many people ordered it in less than a month?",
        "Does Ada like Ben?",
    ],
)
def test_a_question_about_one_thing_is_not(question: str) -> None:
    assert not asks_two_things(question)


def other_articles(one: str, other: str) -> bool:
    return one != other


BEST = evidence("Ada runs Tiller.", 9.0, article="a")
SAME = evidence("Ada was born here.", 8.0, article="a", start=20)


def test_what_both_searches_find_in_another_article_is_taken() -> None:
    """With half of the first search: 7 + 3 for the one, 8 + 1.5 for the other."""
    found = [evidence("Tiller is dear.", 6.0, article="b"), evidence("Rain.", 3.0, article="c")]
    again = [evidence("Rain.", 8.0, article="c"), evidence("Tiller is dear.", 7.0, article="b")]
    chosen = elsewhere([BEST, SAME, *found], again, other_articles)
    assert chosen
    assert (chosen.text, chosen.score) == ("Tiller is dear.", 7.0)


def test_what_one_search_does_not_find_counts_as_its_last() -> None:
    """Half of the first's last is 4: 9.6 + 4 for what only the second has, 9 + 4.5 for both."""
    first = [BEST, evidence("Tea.", 9.0, article="b"), SAME]
    again = [evidence("Rain.", 9.6, article="c"), evidence("Tea.", 9.0, article="b")]
    chosen = elsewhere(first, [*again, evidence("Far.", 4.0, article="d")], other_articles)
    assert chosen
    assert chosen.text == "Rain."


def copies(one: str, other: str) -> bool:
    """Both are one story."""
    return not {one, other} <= {"a", "b"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param([], [], id="nothing found"),
        pytest.param([BEST, SAME], [SAME, BEST], id="one article"),
        pytest.param([BEST], [evidence("Tiller.", 9.0, article="b")], id="its copy"),
        pytest.param([BEST], [evidence("Tiller.", 4.9, article="c")], id="too far below the best"),
    ],
)
def test_without_another_story_near_the_best_there_is_none(
    first: list[Evidence], second: list[Evidence]
) -> None:
    assert elsewhere(first, second, copies) is None


def test_it_takes_the_last_place_among_the_quoted() -> None:
    more = evidence("Tiller.", article="c")
    assert with_other([BEST, SAME], more, 3) == [BEST, SAME, more]
    assert with_other([BEST, SAME], more, 2) == [BEST, more]
    assert with_other([BEST, more], more, 2) == [BEST, more]
    assert with_other([BEST, SAME], None, 2) == [BEST, SAME]
