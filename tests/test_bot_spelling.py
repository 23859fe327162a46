import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import Completed
from bot.spelling import Speller
from evals.suites import load_suite
from index.encoder import OnnxEncoder
from index.lexical import LexicalStore
from index.words import WORD, Spelling, words_of
from tests.test_index_words import store

TEXTS = (
    "The capital that Brennick and Tillerway raised, the carmakers said, comes from two partners.",
    "Quillhaven Mutual insures sensors, buildings and batteries under a guarantee of eight years.",
    "Ilka Venncombe received the association; a decompression of the stationery is promised.",
    "Die Bundesregierung hat die Förderung überprüft. Столица приняла решение. Olssen, Olsson.",
    "It declared a formal region, model and passes; about which units were related or rated.",
)
COMMON = {
    "how",
    "many",
    "much",
    "capitol",
    "capital",
    "metal",
    "model",
    "broad",
    "help",
    "summit",
    "string",
    "modal",
}


def speller(folder: Path, texts: Sequence[str] = TEXTS) -> Speller:
    """What knows the words of some texts, and those that the encoder has."""
    counts = dict[str, int]()
    for word in (word for text in texts for word in words_of(text)):
        counts[word] = counts.get(word, 0) + 1
    (folder / "lexical").mkdir(parents=True)
    LexicalStore.write(folder / "lexical", texts)
    words = store(folder / "words", counts)
    return Speller(Spelling(words, COMMON.__contains__), LexicalStore.open(folder / "lexical"))


@pytest.fixture(scope="module")
def spells(tmp_path_factory: pytest.TempPathFactory) -> Speller:
    return speller(tmp_path_factory.mktemp("speller"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("how many senors", "how many sensors", id="a letter is missing"),
        pytest.param("the carrmakers", "the carmakers", id="one too many"),
        pytest.param("the partnars", "the partners", id="another"),
        pytest.param("he recieved it", "he received it", id="two swapped"),
        pytest.param("its decomppresion", "its decompression", id="two edits of a long word"),
        pytest.param("abut whcih", "about which", id="four letters, one swapped"),
        pytest.param("who is ilka vencombe", "who is ilka venncombe", id="a name in lower case"),
        pytest.param("Quillhaven Mutal", "Quillhaven Mutual", id="a name, its capital kept"),
        pytest.param("Gurantee?", "Guarantee?", id="at the start of a sentence"),
        pytest.param("Vencombe's age", "Venncombe's age", id="an owner"),
        pytest.param("die Förderng überprüfft", "die Förderung überprüft", id="German"),
        pytest.param("столца?", "столица?", id="Russian"),
        pytest.param("how much capitol", "how much capital", id="a word, but sounds like ours"),
    ],
)
def test_misspelt_words_are_put_right(spells: Speller, typed: str, meant: str) -> None:
    assert spells.corrected(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Did Tesla, Nokia or Rivian raise 2027 florins?", id="names it does not have"),
        pytest.param("the summit, a string of metal, modal logic", id="words the encoder has"),
        pytest.param("to broaden what helpers do", id="words formed of such"),
        pytest.param("passer, formals, unit, declares", id="other forms of words"),
        pytest.param("Olsson and Olssan", id="a name with two that are near"),
        pytest.param("XXXII CAPITEL PPARy McVenncombe venncomb3 vencombe's3", id="no words"),
        pytest.param("sensrs@partnrs.org's we'er don't", id="no words either"),
        pytest.param("hwo wat mny yera", id="short words"),
        pytest.param("首都はどこですか 수도는 어디", id="letters of one case"),
        pytest.param("the guanrateee of xqzvtr", id="too far from any"),
        pytest.param("wer war und ist bei Senors", id="mostly unknown: another language"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_may_be_right_stays(spells: Speller, text: str) -> None:
    assert spells.corrected(text) == text


def test_the_words_before_a_follow_up_and_its_own_are_put_right(spells: Speller) -> None:
    asked = Completed("Who is Ilka Vencombe? How many senors?", "How many senors?")
    meant = "How many sensors?"
    assert spells.understood(asked) == Completed(f"Who is Ilka Venncombe? {meant}", meant)


def test_what_only_one_form_of_a_word_is_said_of_is_known_in_the_others(spells: Speller) -> None:
    assert spells.corrected("raising buildingss guarantees") == "raising buildings guarantees"


PARTS = sorted({word for text in TEXTS for word in text.split()}) + list("?.,;-'’\"()9")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Speller:
    return speller(tmp_path_factory.mktemp("known"))


@given(parts=st.lists(st.sampled_from(PARTS)))
def test_a_question_of_words_that_the_collection_has_is_unchanged(
    known: Speller, parts: list[str]
) -> None:
    text = " ".join(parts)
    assert known.corrected(text) is text


@given(text=st.text(max_size=80))
def test_any_text_keeps_all_but_words(known: Speller, text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    left = WORD.sub("", composed)
    assert WORD.sub("", known.corrected(text)) in {left, WORD.sub("", text)}


@pytest.mark.slow
def test_of_the_fixed_questions_only_what_is_misspelt_changes(
    exported_encoder: Path, tmp_path: Path
) -> None:
    """On the bundled articles, with what the real encoder has whole."""
    suite = load_suite("fixed")
    known = speller(tmp_path, [f"{one.title}\n{one.text}" for one in suite.articles.values()])
    real = replace(known.spelling, is_common=OnnxEncoder(exported_encoder).is_word)
    spells = replace(known, spelling=real)
    changed = set[tuple[str, str]]()
    for case in suite.cases:
        pairs = zip(case.text.split(), spells.corrected(case.text).split(), strict=True)
        changed |= {(typed, meant) for typed, meant in pairs if typed != meant}
    assert changed == {
        ("Mutal", "Mutual"), ("batery", "battery"), ("bulding", "building"),
        ("capitol", "capital"), ("gurantee", "guarantee"), ("recieved", "received"),
        ("senors", "sensors"), ("shoud", "should"), ("vencombe", "venncombe"),
        ("waranty", "warranty"),
    }  # fmt: skip
