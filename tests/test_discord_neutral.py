"""Texts of others in Discord: seen as they are, and never acting."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.discord_bot.neutral import (
    cut,
    length,
    linked,
    one_line,
    plain,
    seen,
    short,
    web_address,
)
from tests.discord_hostile import HOSTILE
from tests.discord_markdown import raw_dangers, shown

_ACTIVE = (
    st.text(alphabet=st.sampled_from("*_~|`\\[]()<>@#:/-. \n\u200b\u200d1aeht.g!&+")) | st.text()
)


def check(text: str) -> None:
    """Discord shows the text, and nothing in it acts."""
    raw = plain(text)
    result = shown(raw)
    assert result.acts == []
    assert result.text.replace("@\u200b", "@") == seen(text)
    assert raw_dangers(raw) == []
    assert length(raw) <= 2 * length(text)


def test_there_are_hundreds_of_hostile_texts() -> None:
    assert len(set(HOSTILE)) >= 200


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_text_is_seen_and_does_nothing(number: int) -> None:
    check(HOSTILE[number])
    check(f"before {HOSTILE[number]} after")


@settings(max_examples=500, deadline=None)
@given(_ACTIVE)
def test_any_text_is_seen_and_does_nothing(text: str) -> None:
    check(text)


@settings(max_examples=300, deadline=None)
@given(_ACTIVE, _ACTIVE)
def test_a_title_is_a_link_to_its_article_and_to_nothing_else(title: str, path: str) -> None:
    url = f"https://post.example/{path}"
    target = web_address(url)
    raw = linked(title, url)
    acts = shown(raw).acts
    assert acts == ([f"link {target}"] if target else [])
    assert raw_dangers(raw, lambda address: address == target) == []


@pytest.mark.parametrize("text", ["@", ":", ":a", "<a", "[", "](", ".gg/", "~", "\u0301", " >"])
def test_a_long_text_takes_no_longer_than_its_length(text: str) -> None:
    """By a rule that looks ahead to the end from each place this would take hours."""
    many = text * (200_000 // len(text))
    assert length(plain(many)) <= 2 * length(many)
    assert plain(text + "a" * 200_000).endswith("a" * 1000)


@pytest.mark.parametrize(
    "text",
    [
        "The unit was worth $115bn (about £90bn) in May 2024 — up 3.5% on 2023.",
        "“We’re open 9:30–17:00,” she said; [sic] C# and R&D, and/or e-mail ada@example.com.",
        "At 10:45:30 the T-9 left; see page 12/13, #4 of 7, 5 < 6 > 4.",
        "Ça alors ! Straße, 多少, می‌خواهم, 👩‍👩‍👧, naïve.",
    ],
)
def test_ordinary_sentences_need_no_escape(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        pytest.param("<@1>", "<\\@1>", id="broken inside, for who reads the raw text"),
        pytest.param("https://a.example/b", "https\\://a.example\\/b", id="a bare link"),
        pytest.param("@everyone", "@\u200beveryone", id="no escape stands before a letter"),
        pytest.param("snake_case", "snake\\_case", id="emphasis"),
        pytest.param("# One\n## Two", "\\# One\n\\## Two", id="headings"),
        pytest.param("1. One", "1\\. One", id="a list"),
        pytest.param("\u202eevil\u202c", "evil", id="text turned around"),
    ],
)
def test_what_acts_is_broken_where_it_is_least_seen(text: str, raw: str) -> None:
    assert plain(text) == raw


@pytest.mark.parametrize(
    ("title", "raw"),
    [
        pytest.param("On tea", "[On tea](<https://post.example/1>)", id="a title is the link"),
        pytest.param(
            "[Video] Tea", "[Video] Tea [(open)](<https://post.example/1>)", id="brackets stay out"
        ),
        pytest.param("", "[(open)](<https://post.example/1>)", id="no title"),
        pytest.param(
            "https://evil.example",
            "https\\://evil.example [(open)](<https://post.example/1>)",
            id="a title that looks like another address",
        ),
    ],
)
def test_a_title_links_without_unfurling(title: str, raw: str) -> None:
    assert linked(title, "https://post.example/1") == raw


@pytest.mark.parametrize(
    "url",
    [
        None,
        "javascript:alert(1)",
        "file:///etc/passwd",
        "discord://-/channels/1",
        "https://",
        "//post.example",
        "https://post.example@evil.example/",
        "https://a..b/",
        "https://post.example/" + "a" * 600,
        "https://[::1",
    ],
)
def test_what_is_no_address_of_the_web_is_no_link(url: str | None) -> None:
    assert web_address(url) is None
    assert linked("On tea", url) == "On tea"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://post.example/a b>)*_", "https://post.example/a%20b%3E%29%2A_"),
        ("HTTP://Post.example:80/%20?q=1#:~:text=a%2Cb", "http://Post.example:80/%20?q=1#:~:text=a%2Cb"),
        ("https://büro.example/ö", "https://xn--bro-hoa.example/%C3%B6"),
    ],
)  # fmt: skip
def test_an_address_can_not_break_out_of_its_link(url: str, address: str) -> None:
    assert web_address(url) == address


def test_lines_are_joined_and_cut_by_what_clients_count() -> None:
    assert one_line(" a\n\n b\u2028c ") == "a b c"
    assert length("a\U0001f600") == 3
    assert cut("\U0001f600" * 5, 5) == "\U0001f600" * 2
    assert short("one two", 7) == "one two"
    assert short("one  two three", 8) == "one two…"
