import pytest

from bot.conversation import Turn, complete

HISTORY = (
    Turn("user", "Who makes the Heron?"),
    Turn("assistant", "Orvane makes the Heron. [1]"),
)


@pytest.mark.parametrize(
    "question",
    [
        "How much does it cost?",
        "What are its rivals?",
        "And the Plover?",
        "What about batteries and chargers?",
        "How about Tarnwick's chip?",
        "Who else builds driving software?",
        "Did Orvane announce that?",
        "Why?",
        "When was that",
        "Where do THEY build cars?",
        "",
    ],
)
def test_a_question_that_leans_gets_the_last_one_before_it(question: str) -> None:
    assert complete(question, HISTORY) == f"Who makes the Heron? {question}"


@pytest.mark.parametrize(
    "question",
    [
        "How much does the Plover cost?",
        "Which company makes that battery cell?",
        "Is Italy building electric cars?",
        "Who runs the Sedgeholm laboratory?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert complete(question, HISTORY) == question


def test_the_last_question_counts_and_no_answer_does() -> None:
    history = (Turn("user", "First?"), Turn("user", "Second?"), Turn("assistant", "Third."))
    assert complete("Why?", history) == "Second? Why?"


@pytest.mark.parametrize("history", [(), (Turn("assistant", "Hello, ask me."),)])
def test_without_an_earlier_question_nothing_is_added(history: tuple[Turn, ...]) -> None:
    assert complete("Why is that?", history) == "Why is that?"
