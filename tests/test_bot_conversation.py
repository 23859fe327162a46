"""Follow-ups are asked in full; a new topic is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import Completed, Turn, complete
from index.lexical import terms_of


def asked(*turns: str) -> tuple[Turn, ...]:
    """A conversation in which the user and the assistant speak in turn, the user first."""
    return tuple(Turn("assistant" if n % 2 else "user", text) for n, text in enumerate(turns))


HERON = asked("What is the Heron?", "“The Heron is a small car.” [1]")


@pytest.mark.parametrize(
    ("history", "question", "want"),
    [
        (asked("What is throat cancer?"), "Is it treatable?", "Is throat cancer treatable?"),
        (HERON, "What are its rivals?", "What are the Heron’s rivals?"),
        (HERON, "And where is it built in winter?", "Where is the Heron built in winter?"),
        (asked("Describe the Mako sharks."), "What do they eat?", "What do the Mako sharks eat?"),
        (asked("How many Teasels were recalled?"), "How many of them caught fire in January?",
         "How many of the Teasels caught fire in January?"),
        (asked("What are the symptoms of lung cancer?"), "Can it spread to the throat?",
         "Can lung cancer spread to the throat?"),
        (asked("Who founded Farglint?", "Petronel Vask founded it in 2021."), "how old is she",
         "How old is Petronel Vask"),
        (asked("Who was the boss?", "J. R. Ostrander."), "How long was he in charge?",
         "How long was J. R. Ostrander in charge?"),
        (HERON, "When did they launch it?", "When did they launch the Heron?"),
        (asked("When did Luther marry?"), "What was his wife called?",
         "What was Luther’s wife called?"),
    ],
)  # fmt: skip
def test_a_pronoun_becomes_what_it_means(
    history: tuple[Turn, ...], question: str, want: str
) -> None:
    assert want in complete(question, history).standalone
    assert complete(question, history).focus == want


@pytest.mark.parametrize(
    ("last", "fragment", "want"),
    [
        ("How does Mercedes feel about Huawei's offer?", "And Audi?",
         "How does Audi feel about Huawei's offer?"),
        ("What does a Heron cost?", "and the Plover, nowadays?",
         "What does the Plover cost, nowadays?"),
        ("What does Tarnwick charge for the T7?", "And for the T9?",
         "What does Tarnwick charge for the T9?"),
        ("What does Brocard's conjecture say?", "and Legendre's?",
         "What does Legendre's conjecture say?"),
        ("How many trees fell in 1998?", "And 2004?", "How many trees fell in 2004?"),
        ("How is lung cancer treated?", "what about throat cancer?",
         "How is throat cancer treated?"),
    ],
)  # fmt: skip
def test_a_fragment_takes_the_place_of_its_like(last: str, fragment: str, want: str) -> None:
    assert complete(fragment, asked(last)) == Completed(want, want)


@pytest.mark.parametrize(
    ("last", "question", "focus"),
    [
        ("When will the T9 be ready?", "why?", "Why?"),
        ("Who gave Drengot the county of Aversa?", "what year was that", "What year was that"),
        ("Does Huawei like Mercedes and Audi?", "What about Seres?", "What about Seres?"),
        ("Who did the Broncos beat in the divisional round?", "and the round after that?",
         "The round after that?"),
        ("How big was the drought of 2010?", "and five years earlier?", "Five years earlier?"),
        ("Who builds driving software?", "Who else?", "Who else?"),
        ("Which towns are on Line 9?", "Is there a school in this one?",
         "Is there a school in this one?"),
    ],
)  # fmt: skip
def test_where_no_word_can_be_replaced_the_last_question_comes_first(
    last: str, question: str, focus: str
) -> None:
    assert complete(question, asked(last)) == Completed(f"{last} {focus}", focus)


def test_one_after_an_adjective_is_of_the_kind_that_was_spoken_of() -> None:
    history = asked("What does the long-range Plover cost?", "The articles do not say.")
    want = "What does the normal Plover cost today?"
    assert complete("ok and the normal one today?", history) == Completed(want, want)
    told = complete("Has the red one been sold in Italy?", history)
    assert told.focus == "Has the red Plover been sold in Italy?"
    assert told.standalone == f"What does the long-range Plover cost? {told.focus}"


@pytest.mark.parametrize(
    "history",
    [
        asked("Who runs Tillerway?", "Ansel Dorrivane.", "and Wattlebury?", "Dagny Sorrelby."),
        asked("Who runs the two firms?", "Ansel Dorrivane and Dagny Sorrelby."),
        asked("Do Ansel Dorrivane and Dagny Sorrelby agree?", "Yes."),
    ],
)
def test_of_two_that_were_named_the_chosen_one_is_meant(history: tuple[Turn, ...]) -> None:
    for question, want in (
        ("How old is the first of the two?", "How old is Ansel Dorrivane?"),
        ("And how old is the latter?", "How old is Dagny Sorrelby?"),
    ):
        assert complete(question, history) == Completed(want, want)


def test_a_name_said_again_stays_one_of_the_two() -> None:
    history = asked("Was it Ada Moe or Ben Low who left?", "Ada Moe.")
    assert complete("Where is the latter now?", history).focus == "Where is Ben Low now?"


def test_a_question_about_nothing_named_gets_the_topic() -> None:
    told = complete("What are the side effects?", asked("Is Melatonin bad for you?"))
    assert told == Completed(*["Melatonin: What are the side effects?"] * 2)


def test_the_topic_outlives_questions_that_lean_on_it() -> None:
    history = asked("What is throat cancer?", "A tumour.", "Is it treatable?", "Yes.")
    assert complete("What causes it in men?", history).focus == "What causes throat cancer in men?"


def test_the_answer_to_who_comes_along_where_it_may_be_meant() -> None:
    history = asked("Who bought the mill?", "The town of Quillhaven.")
    told = complete("How much did it pay?", history)
    assert told.standalone == "Who bought the mill? Quillhaven. How much did it pay?"
    assert told.focus == "How much did it pay?"


def test_in_a_long_quote_only_a_persons_name_is_taken_for_the_person() -> None:
    quote = (
        "“PORT HALLAM — Hours after the vote, Orvane said that Ilka Venncombe, 52, will lead the "
        "company from July.” [1]"
    )
    told = complete("Where did she work before?", asked("Who runs the firm?", quote))
    assert told.focus == "Where did Ilka Venncombe work before?"


def test_a_long_quote_without_a_persons_name_leaves_the_pronoun() -> None:
    quote = "“Hours after the vote, PORT HALLAM was quiet and nobody on the board had a word.” [1]"
    told = complete("Where did she work before?", asked("Who runs the firm?", quote))
    assert told == Completed(
        "Who runs the firm? Where did she work before?", "Where did she work before?"
    )


@pytest.mark.parametrize(
    "question",
    [
        "How much does the Plover cost?",
        "Which company makes that battery cell?",
        "Is Italy building electric cars?",
        "Who runs the Sedgeholm laboratory?",
        "How old was Manning when he played?",
        "Where did France focus its efforts?",
        "How many nations have Amazonas in their names?",
        "When did Setanta say it would launch?",
        "Is it possible to cancel an order?",
        "How long does it take to charge a Plover?",
        "Was it Gaga or Matlin who sang the anthem?",
        "What university won the prize for most IT projects?",
        "Did the exiles in America stick to their own kind?",
        "What is ketosis?",
        "who gave the rough housing estate its nicer sounding label?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert complete(question, HERON) == Completed(question, question)


@pytest.mark.parametrize(
    ("question", "want"),
    [
        ("By the way, how many people work in Ferrow?", "How many people work in Ferrow?"),
        ("Thanks! And how tall is the Eiffel Tower?", "How tall is the Eiffel Tower?"),
        ("ok. something else: is it cold on Mars?", "Is it cold on Mars?"),
        ("And where will Farglint's new plant stand?", "Where will Farglint's new plant stand?"),
    ],
)
def test_a_new_topic_loses_only_its_polite_words(question: str, want: str) -> None:
    assert complete(question, HERON) == Completed(want, want)


def test_after_a_new_topic_the_old_one_is_forgotten() -> None:
    history = asked("What is the Heron?", "A car.", "How tall is the Eiffel Tower?", "330 m.")
    assert (
        complete("Who built it in Paris?", history).focus == "Who built the Eiffel Tower in Paris?"
    )


@pytest.mark.parametrize(
    "history",
    [
        (),
        (Turn("assistant", "Hello, I am Ada Moe."),),
        (Turn("assistant", "Hello."), Turn("assistant", "Ask me about the Heron!")),
        (Turn("user", "  "), Turn("user", "\n")),
    ],
)
@pytest.mark.parametrize("question", ["Why is that?", "And Audi?", "what did she say about it?"])
def test_without_an_earlier_question_nothing_is_added(
    history: tuple[Turn, ...], question: str
) -> None:
    assert complete(question, history) == Completed(question, question)


@pytest.mark.parametrize(
    "question",
    [
        "Wie groß ist der Mond von unten?",
        "特斯拉是谁创立的？",
        "Сколько стоит машина в Москве?",
        "👍",
    ],
)
def test_another_language_is_left_alone(question: str) -> None:
    assert complete(question, HERON) == Completed(question, question)


def test_markdown_and_line_breaks_do_not_hide_a_follow_up() -> None:
    history = asked("**What does\nthe Heron cost?**", "> 9 florins")
    assert complete("*And the\nPlover?*", history).standalone == "What does the Plover cost?"


def test_capitals_with_accents_are_names_too() -> None:
    history = asked("How many men did Contrecœur lead?", "Élise Ångström led them.")
    assert complete("When did he leave the fort?", history).focus == (
        "When did Contrecœur leave the fort?"
    )


def test_a_question_of_2000_characters_stays_as_it_is() -> None:
    question = "And why is it so? " * 111
    assert complete(question, HERON) == Completed(question, question)


def test_after_long_turns_the_completed_question_still_fits_the_window() -> None:
    """At most 240 characters of context, 60 of a name and 300 asked: some 150 word pieces."""
    history = asked(*["What about the Heron that Ada Moe built? " * 50] * 50)
    for question in ("why?", "And what did she say about it?", "What are the side effects?"):
        assert len(complete(question, history).standalone) <= 240 + 62 + 300


def test_only_the_last_turns_are_read() -> None:
    old, late = asked("Who is Ada Moe?", "A painter."), asked(*["What is tea?", "A leaf."] * 24)
    assert complete("Is it green?", old + late) == complete("Is it green?", late)


@given(
    st.text(max_size=400),
    st.lists(st.builds(Turn, st.sampled_from(["user", "assistant"]), st.text(max_size=400))),
)
def test_no_text_breaks_it_and_nothing_is_lost_of_the_question(
    question: str, history: list[Turn]
) -> None:
    told = complete(question, history)
    assert told.standalone.endswith(told.focus)
    assert complete(question, history) == told


@given(st.sampled_from(["Why is tea green in June?", "Which moon of Mars is smaller?"]), st.data())
def test_a_question_with_a_name_and_no_pronoun_keeps_its_terms(
    question: str, data: st.DataObject
) -> None:
    words = st.sampled_from(["Heron", "what", "is", "the", "she", "tea", "?", "and", "costs"])
    turns = data.draw(st.lists(st.lists(words).map(" ".join), max_size=5))
    assert terms_of(complete(question, asked(*turns)).standalone) == terms_of(question)
