import json
import subprocess
import sys

import pytest

from corpus.decode import Decoded
from corpus.errors import Unreadable
from corpus.formats.html import declared_encoding, read_html
from corpus.formats.json_lines import read_json
from corpus.formats.markdown import read_markdown
from corpus.formats.plain import read_text

PAGE = """<!doctype html><html lang="en"><head><title>Ferry sinks | The Strait</title>
<meta property="og:title" content="Ferry sinks">
<meta property="og:site_name" content="The Strait">
<meta property="og:url" content="https://strait.example/ferry">
<meta property="article:published_time" content="2024-03-01T10:00:00+01:00">
<meta property="article:modified_time" content="2024-03-02T10:00:00+01:00">
<meta name="author" content="Ida Ek"></head><body>
<nav><a href="/">Home</a> <a href="/news">News</a> <a href="/ships">Ships</a></nav>
<article><h1>Ferry sinks</h1>
<p>The ferry sank at dawn, two miles out, and the harbour sent every boat that it had.</p>
<h2>Nobody hurt</h2>
<p>Nobody was hurt, the harbour said. The crew of nine swam ashore &amp; slept in the school.</p>
<ul><li>The oldest sailor is eighty years old.</li><li>The youngest one is seventeen.</li></ul>
</article><footer>Copyright 2011 The Strait. All rights reserved.</footer></body></html>"""


def test_the_first_line_of_a_text_file_is_its_title() -> None:
    draft = read_text(Decoded("\n Ferry sinks \n\nIt sank.\n"))
    assert draft.title is not None
    assert draft.title.strip() == "Ferry sinks"
    assert draft.text.strip() == "It sank."


@pytest.mark.parametrize("text", ["One line only.", "A paragraph. " * 40 + "\nAnother."])
def test_a_text_file_without_a_title_line_keeps_its_first_line(text: str) -> None:
    draft = read_text(Decoded(text))
    assert (draft.title, draft.text) == (None, text)


def test_front_matter_and_markdown_become_plain_text() -> None:
    draft = read_markdown(
        Decoded(
            "---\ntitle: 2019\nsource: The Strait\nauthor: [Ida Ek, Bo Lund]\nurl: https://a.example\n"
            "date: 2024-03-01\nupdated_at: 2024-03-02\nlanguage: en\nid: no\nmood: calm\n---\n\n"
            '# Ferry *sinks*\n\nIt **sank** at\ndawn, [they say](https://b.example "t").\n\n'
            "- one `item`\n- two\n\n3. third\n4. fourth\n\n"
            "> quoted <b>bold</b>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
            "![the ship](x.png)\n\n<!-- note -->\n\n```\ncode * here\n```\n\nEnd ~~gone~~ &amp; on."
        )
    )
    assert (draft.title, draft.source, draft.url) == ("2019", "The Strait", "https://a.example")
    assert (draft.author, draft.language) == ("Ida Ek, Bo Lund", "en")
    assert (draft.published_at, draft.updated_at, draft.id) == ("2024-03-01", "2024-03-02", None)
    assert draft.text.strip() == (
        "Ferry sinks\n\nIt sank at dawn, they say.\none item\ntwo\n3. third\n4. fourth\n\n"
        "quoted bold\na | b\n1 | 2\n\nthe ship\n\ncode * here\n\nEnd gone & on."
    )


def test_without_front_matter_the_first_heading_is_the_title() -> None:
    draft = read_markdown(Decoded("Intro.\n\n## Ferry sinks\n\nText."))
    assert draft.title == "Ferry sinks"
    assert read_markdown(Decoded("Only text.")).title is None


@pytest.mark.parametrize("text", ["---\nA rule on top, no end.", "---\njust prose\n---\nmore"])
def test_a_rule_on_top_is_not_front_matter(text: str) -> None:
    assert (
        "prose" in read_markdown(Decoded(text)).text or "rule" in read_markdown(Decoded(text)).text
    )


def test_broken_front_matter_is_named_with_its_line() -> None:
    """The unclosed bracket is on line 3; YAML notices at the line after it."""
    with pytest.raises(Unreadable, match="front matter is not valid YAML") as caught:
        read_markdown(Decoded('---\ntitle: a\nauthor: [b\nurl: "c\n---\nText.'))
    assert caught.value.line in (3, 4, 5)


def test_front_matter_cannot_run_code() -> None:
    draft = read_markdown(Decoded("---\ntitle: !!python/object/apply:os.getcwd []\n---\nText."))
    assert draft.title is None


def test_a_web_page_gives_its_main_text_and_metadata() -> None:
    draft = read_html(Decoded(PAGE))
    assert (draft.title, draft.source, draft.author) == ("Ferry sinks", "The Strait", "Ida Ek")
    assert (draft.url, draft.language) == ("https://strait.example/ferry", "en")
    assert draft.published_at == "2024-03-01T10:00:00+01:00"
    assert draft.updated_at == "2024-03-02T10:00:00+01:00"
    assert "swam ashore & slept in the school." in draft.text
    assert "\nNobody hurt\n" in draft.text
    assert "Home" not in draft.text
    assert "Copyright" not in draft.text


def test_dates_come_from_json_ld_and_time_elements() -> None:
    bare = "\n".join(line for line in PAGE.splitlines() if "_time" not in line)
    linked = (
        '<script type="application/ld+json">{"@graph": [{"datePublished": "2023-01-02"}]}</script>'
    )
    assert (
        read_html(Decoded(bare.replace("</head>", linked + "</head>"))).published_at == "2023-01-02"
    )
    broken = '<script type="application/ld+json">{"datePublished": </script>'
    timed = bare.replace("<h2>", '<time datetime="2022-05-06T07:08">6 May</time><h2>')
    assert read_html(Decoded(timed.replace("</head>", broken + "</head>"))).published_at == (
        "2022-05-06T07:08"
    )


def test_a_copyright_year_is_no_date() -> None:
    bare = "\n".join(line for line in PAGE.splitlines() if "_time" not in line)
    assert read_html(Decoded(bare)).published_at is None


@pytest.mark.parametrize("page", ["<html><body></body></html>", "<nav>Home</nav>", "<" * 1000])
def test_a_page_without_text_is_refused(page: str) -> None:
    with pytest.raises(Unreadable):
        read_html(Decoded(page))


def test_a_page_nested_a_hundred_thousand_deep_is_survived() -> None:
    try:
        draft = read_html(Decoded("<div>" * 100_000 + "<p>Deep text, and more of it.</p>"))
    except Unreadable:
        return
    assert draft.text


def test_reading_a_page_opens_no_connection() -> None:
    """A page full of things to fetch, in a process where any socket event is fatal."""
    page = PAGE.replace(
        "</head>",
        '<base href="http://192.0.2.1/"><link rel="canonical" '
        'href="http://192.0.2.1/x"><script src="http://192.0.2.1/y"></script></head>',
    )
    page = '<!DOCTYPE html SYSTEM "http://192.0.2.1/z.dtd">' + page.split(">", 1)[1]
    script = (
        "import os, sys\nfrom corpus.decode import Decoded\n"
        "from corpus.formats.html import read_html\n"
        "sys.addaudithook(lambda event, _: event.startswith('socket.') and os._exit(3))\n"
        "print(read_html(Decoded(sys.stdin.read())).title)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input=page, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "Ferry sinks"), done.stderr


@pytest.mark.parametrize(
    ("head", "want"),
    [
        (b'<meta charset="iso-8859-1">', "iso-8859-1"),
        (b"<META http-equiv=Content-Type content='text/html; charset=shift_jis'>", "shift_jis"),
        (b"<meta name=description>", None),
    ],
)
def test_a_page_declares_its_encoding(head: bytes, want: str | None) -> None:
    assert declared_encoding(b"<html><head>" + head) == want


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"title": "T", "text": "X"}, id="one object"),
        pytest.param([{"title": "T", "body": "X"}], id="an array"),
        pytest.param({"articles": [{"title": "T", "text": "X"}]}, id="an object of articles"),
    ],
)
def test_a_json_document_has_several_shapes(document: object) -> None:
    lines = list(read_json(Decoded(json.dumps(document))))
    assert len(lines) == 1
    draft = lines[0].content
    assert not isinstance(draft, Unreadable)
    assert (draft.title, draft.text) == ("T", "X")


def test_an_item_that_is_no_article_is_named_by_its_place() -> None:
    lines = list(read_json(Decoded('[{"text": "a"}, 7, {"text": "b"}]')))
    assert [isinstance(line.content, Unreadable) for line in lines] == [False, True, False]
    assert str(lines[1].content) == "item 2: not a JSON object"
