import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.canonical import canonical, one_line

TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("   \t\r\n\n\n-.ab\u0301\xa0\xad")))


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("a\r\nb\rc\u2028d", "a\nb\nc\nd", id="line ends"),
        pytest.param("e\u0301", "é", id="NFC"),
        pytest.param("a  \n\n\n\n b \n", "a\n\n b", id="blanks at ends, blank lines"),
        pytest.param("a\tb\xa0c\u202fd", "a b c d", id="every blank is a space"),
        pytest.param("so\xadft\ufeff zero\u200bwidth", "soft zerowidth", id="unseen characters"),
        pytest.param("a\x00b\x07c", "abc", id="controls"),
        pytest.param("a\ud800b", "a\ufffdb", id="lone surrogate"),
        pytest.param("e\u200b\u0301", "é", id="composed once nothing stands between"),
        pytest.param("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧", id="joined emoji stay"),
        pytest.param("pay \u202e001\u202c", "pay 001", id="no hidden writing direction"),
    ],
)
def test_a_text_has_one_spelling(text: str, want: str) -> None:
    assert canonical(text) == want


@settings(deadline=None)
@given(TEXTS)
def test_canonical_text_is_a_fixed_point(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\n\n\n" not in once
    assert " \n" not in once
    assert once == once.strip()
    once.encode()


def test_one_line_has_single_spaces() -> None:
    assert one_line(" A  title\nin two\tlines ") == "A title in two lines"


WRAPPED = """\
The ferry company announced on Tuesday that it would replace its whole
fleet within ten years, starting with the oldest ship, which has
crossed the strait since before the bridge was planned. The harbour
welcomed the news. Its director said that the berths were ready.

-   A first item that is so long that it had to be wrapped at the same
    column as the rest
-   A second one

The end of the story, which is long enough to be wrapped once more by
the editor.
"""


def test_a_hard_wrapped_paragraph_is_one_line() -> None:
    lines = canonical(WRAPPED).split("\n")
    assert len(lines) == 6
    assert lines[0].startswith("The ferry company")
    assert lines[0].endswith("berths were ready.")
    assert lines[2].endswith("column as the rest")
    assert lines[5].endswith("by the editor.")


def test_lines_that_links_were_taken_out_of_are_joined() -> None:
    text = "\n".join(
        [
            "The report says that the harbour has been closed for longer than",
            "the Ferry",
            "Company was ready to admit, and that nobody had been told about",
            "it at the time. This is not what the",
            "minister said, who had gone home and left the papers where they",
            "were found.",
        ]
    )
    assert canonical(text) == text.replace("\n", " ")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "The sea is wide\nI cannot get o'er\nAnd neither have I\nthe wings to fly\n"
            "Give me a boat\nthat can carry two\nAnd both shall row\nmy love and I",
            id="verse",
        ),
        pytest.param("Bread\nButter\nMilk\nEggs\nFlour\nSalt", id="a list without markers"),
        pytest.param(
            "\n".join(f"Paragraph {n} is one long line. " + "It goes on. " * 20 for n in range(6)),
            id="one line a paragraph, no blank lines between",
        ),
        pytest.param("name: Ida\nage: 40\njob: pilot\ntown: Ek\nship: none", id="keys and values"),
    ],
)
def test_line_ends_that_mean_something_stay(text: str) -> None:
    assert canonical(text) == "\n".join(line.rstrip() for line in text.split("\n"))
