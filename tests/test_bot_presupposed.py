from datetime import UTC, datetime

import pytest

from bot.presupposed import lacking

TEXT = "Brennick recalls\nBrennick is calling back 27,450 Teasels built in 2026, Ada Moe said."


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        pytest.param("How many Teasels does Brennick recall?", [], id="names in another form"),
        pytest.param("What did Brennick do in 2027?", ["2027"], id="another year"),
        pytest.param("What did Brennick do in 2026?", [], id="the same year"),
        pytest.param("Why are 30,000 Teasels called back?", ["30,000"], id="another number"),
        pytest.param("Why are about 27,000 Teasels called back?", [], id="rounded"),
        pytest.param("What are the two reasons?", [], id="what is asked for is counted in words"),
        pytest.param("What did Jo Vask say to Brennick?", ["Jo Vask"], id="another name"),
        pytest.param("what did jo vask say in 2031 to Ada Moe", ["2031"], id="no capitals"),
    ],
)
def test_what_the_evidence_does_not_know_is_named(question: str, missing: list[str]) -> None:
    assert [one.text for one in lacking(question, TEXT, None)] == missing


def test_an_article_need_not_name_its_own_year() -> None:
    question = "What did Brennick do in 2027?"
    assert lacking(question, TEXT, datetime(2027, 3, 1, tzinfo=UTC)) == ()


def test_years_come_before_numbers_before_names() -> None:
    found = lacking("Did Jo Vask sell 99,000 cars in 2031?", TEXT, None)
    assert [one.kind for one in found] == ["year", "number", "name"]
