"""Text that is odd or hostile: it is shown as it is, marked where it should be, and never run."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.bot_fakes import run
from tests.http_fakes import Server, serving
from tests.page_fakes import Watched, in_view, watching

pytestmark = pytest.mark.slow

_RUN = "window.hit=1"
# Each would set a mark or open a dialog, were it markup, an attribute, an address or a template.
PAYLOADS = [
    f"<script>{_RUN}</script>",
    f"<SCRIPT>{_RUN}</SCRIPT>",
    f"<script src=data:text/javascript,{_RUN}></script>",
    "<script src=//evil.example/x.js></script>",
    f"<script type=module>{_RUN}</script>",
    f"<scr<script>ipt>{_RUN}</script>",
    f"</script><script>{_RUN}</script>",
    f"</title><script>{_RUN}</script>",
    f"</textarea><script>{_RUN}</script>",
    f"--><script>{_RUN}</script>",
    f"]]><script>{_RUN}</script>",
    f"<img src=x onerror={_RUN}>",
    f"<img src=x onerror=\"{_RUN}\">",
    f"<IMG SRC=x OnErRoR={_RUN}>",
    f"<img/src=x/onerror={_RUN}>",
    f"<img src=x:x onerror=eval('{_RUN}')>",
    "<img src=x onerror=alert(1)>",
    "<img src=//evil.example/pixel.png>",
    f"<img srcset=x onerror={_RUN}>",
    f"<image src=x onerror={_RUN}>",
    f"<svg onload={_RUN}>",
    f"<svg/onload={_RUN}>",
    f"<svg><script>{_RUN}</script></svg>",
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s>",
    f"<svg><a xlink:href=javascript:{_RUN}><text>x</text></a></svg>",
    f"<svg><use href=data:image/svg+xml,<svg onload={_RUN}>>",
    f"<math><a xlink:href=javascript:{_RUN}>x</a></math>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={_RUN}>",
    f"<iframe src=javascript:{_RUN}></iframe>",
    f"<iframe srcdoc='<script>parent.{_RUN}</script>'></iframe>",
    "<iframe src=//evil.example></iframe>",
    f"<object data=javascript:{_RUN}></object>",
    f"<embed src=javascript:{_RUN}>",
    f"<body onload={_RUN}>",
    f"<details open ontoggle={_RUN}>x</details>",
    f"<input autofocus onfocus={_RUN}>",
    f"<select autofocus onfocus={_RUN}></select>",
    f"<video><source onerror={_RUN}></video>",
    f"<audio src=x onerror={_RUN}>",
    f"<marquee onstart={_RUN}>x</marquee>",
    f"<a href=javascript:{_RUN}>x</a>",
    f"<a href=\"java\tscript:{_RUN}\">x</a>",
    f"<form action=javascript:{_RUN}><button>x</button></form>",
    f"<button formaction=javascript:{_RUN}>x</button>",
    f"<meta http-equiv=refresh content='0;url=javascript:{_RUN}'>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    f"<template><script>{_RUN}</script></template>",
    f"<noscript><p title=\"</noscript><img src=x onerror={_RUN}>\">",
    f"<x onclick={_RUN} style=position:fixed;inset:0>x</x>",
    f"<div style=\"background:url(javascript:{_RUN})\">x</div>",
    f"\"><img src=x onerror={_RUN}>",
    f"'><img src=x onerror={_RUN}>",
    f"\" onmouseover={_RUN} x=\"",
    f"' autofocus onfocus={_RUN} '",
    f"javascript:{_RUN}//",
    f"${{{_RUN}}}{{{{{_RUN}}}}}<%= {_RUN} %>#{{{_RUN}}}",
    f"&lt;img src=x onerror={_RUN}&gt;&#60;script&#62;{_RUN}&#60;/script&#62;",
    f"[x](javascript:{_RUN}) ![x](x onerror={_RUN}) `<script>{_RUN}</script>`",
]  # fmt: skip
ADDRESSES = (
    f"javascript:{_RUN}",
    f"JaVaScRiPt:{_RUN}",
    f"\x01javascript:{_RUN}",
    f"java\nscript:{_RUN}",
    f"data:text/html,<script>{_RUN}</script>",
    f"vbscript:{_RUN}",
    "//evil.example/",
    "https://[",
    f"blob:{_RUN}",
)
NOT_OURS = (
    "img, image, iframe, object, embed, svg, math, style, audio, video, marquee, base, template, "
    "meta[http-equiv], details, [style*=url], [onload], [onerror], [onclick], [onfocus]"
)
ASTRAL = "👩‍👩‍👧 𠀀𠀁𠮷 𝒜𝒷 🇳🇿. " * 3
TOWNS = ("Ashcombe", "Birkholt", "Cawdell", "Dunmarsh", "Eskerley", "Fenwold")


def article(number: int, payload: str) -> dict[str, str]:
    """An article that is hostile wherever it can be."""
    town = TOWNS[number % len(TOWNS)]
    return {
        "id": f"hostile/{number}-{payload[:20].replace(chr(9), chr(32))}",
        "title": f"{payload} {town} {number}",
        "text": f"The mayor of {town} counted {number} crates on the quay. {payload} was written "
        f"on crate number {number}. Nobody knew why.",
        "url": ADDRESSES[number % len(ADDRESSES)],
        "source": f"{payload} Post",
        "author": payload,
    }


@pytest.fixture(scope="module")
def server(exported_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Sixty hostile articles, and one whose evidence comes after characters beyond 16 bits."""
    folder, models = tmp_path_factory.mktemp("texts"), exported_encoder.parent
    records: list[dict[str, str]] = [article(n, text) for n, text in enumerate(PAYLOADS)]
    text = f"{ASTRAL}The bakery on Lantern Street opened in 1987. {ASTRAL}"
    lines = [f"{ASTRAL}Line {n} of the chronicle tells of rain." for n in range(60)]
    records.append(
        {"id": "astral", "title": f"{ASTRAL[:9]}The bakery", "text": "\n\n".join([*lines, text])}
    )
    (folder / "articles.jsonl").write_text("\n".join(map(json.dumps, records)), "utf-8")
    environment = {"CITEWIRE_MODELS": str(models)}
    ran = run(
        "index",
        str(folder / "articles.jsonl"),
        "--data",
        str(folder / "data"),
        environment=environment,
    )
    assert ran.status == 0, ran.err
    with serving(folder / "data", models) as found:
        yield found


@pytest.fixture
def watched(browser: Browser, server: Server) -> Iterator[Watched]:
    with watching(browser, server.url, reduced_motion="reduce") as found:
        yield found.begin()


def check_harmless(watched: Watched) -> None:
    """Nothing ran, and nothing became an element or an address that the page doesn't make."""
    assert watched.dialogs == []
    assert watched.page.evaluate("window.hit") is None
    assert watched.page.locator(NOT_OURS).count() == 0
    assert watched.page.locator("script").count() == 1
    addresses = watched.page.evaluate("[...document.links].map((one) => one.protocol + one.host)")
    assert {address for address in addresses if "127.0.0.1" not in address} <= {
        "https:post.example"
    }


def test_there_are_sixty_payloads() -> None:
    assert len(set(PAYLOADS)) == 60


def test_no_question_title_text_or_address_is_run(watched: Watched, page: Page) -> None:
    """Sixty questions, each about the article with the same payload, which is opened."""
    opened = set()
    for number, payload in enumerate(PAYLOADS):
        town = TOWNS[number % len(TOWNS)]
        question = f"{payload} How many crates did the mayor of {town} count, {number}?"
        watched.ask(question)
        expect(watched.last().locator(".question")).to_have_text(question)
        watched.last().locator(".number").first.hover()
        expect(page.locator("#peek mark")).to_be_visible()
        watched.last().locator(".title").first.click()
        expect(page.locator("#panel mark[data-active]")).to_be_visible()
        opened.add(page.locator("#panel-title").inner_text())
        check_harmless(watched)
    assert len(opened) > len(PAYLOADS) / 2  # the articles themselves were among what was shown


def test_every_hostile_article_is_listed_and_read_as_text(
    watched: Watched, server: Server, page: Page
) -> None:
    watched.open("#/articles")
    page.get_by_role("button", name="More articles").click()
    page.get_by_role("button", name="More articles").click()
    expect(page.locator("#articles-list li")).to_have_count(61)
    check_harmless(watched)
    for number in range(0, 60, 6):
        wanted = httpx2.get(
            f"{server.url}/v1/documents", params={"order": "newest", "limit": 60}
        ).json()["data"][number]
        page.evaluate(
            "(id) => { location.hash = `#/articles/${encodeURIComponent(id)}`; }", wanted["id"]
        )
        expect(page.locator("#panel-title")).to_have_text(" ".join(wanted["title"].split()))
        check_harmless(watched)


def test_an_answer_that_is_hostile_all_over_is_shown_as_text(watched: Watched, page: Page) -> None:
    """As if the server itself had been taken over."""
    found: dict[str, Any] = {}

    def poison(value: object, payload: str) -> object:
        if isinstance(value, dict):
            kept = ("status", "id", "document_id", "revision", "citation_ids", "newest", "reason")
            return {k: v if k in kept else poison(v, payload) for k, v in value.items()}
        if isinstance(value, list):
            return [poison(one, payload) for one in value]
        return payload if isinstance(value, str) and not value[:4].isdigit() else value

    def answer(route: Route) -> None:
        body = {"question": "How many crates did the mayor of Ashcombe count?"}
        if not found:
            found.update(httpx2.post(f"{watched.url}/v1/answer", json=body).json())
        hostile = poison(found, json.loads(route.request.post_data or "")["question"])
        event = json.dumps({"type": "answer.completed", "answer": hostile})
        route.fulfill(content_type="text/event-stream", body=f"data: {event}\n\n")

    page.route("**/v1/answer", answer)
    for payload in (*PAYLOADS[::6], *ADDRESSES):
        watched.ask(payload.strip("\x01"))
        watched.last().locator(".title").first.click()
        check_harmless(watched)
    page.keyboard.press("Escape")
    watched.ask("x" * 2000)
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_none_of_the_web_is_no_link(page: Page, address: str) -> None:
    script = """async (address) => (await import("./page/dom.js")).safeUrl(address)"""
    assert page.evaluate(script, address) is None


def test_an_address_of_the_web_is_kept_with_its_text_fragment(page: Page) -> None:
    script = """async (address) => (await import("./page/dom.js")).safeUrl(address)"""
    address = "https://post.example/a?b=c#:~:text=The%20crates%2C"
    assert page.evaluate(script, address) == address


def test_a_mark_stands_where_it_should_after_astral_characters(
    watched: Watched, server: Server, page: Page
) -> None:
    watched.ask("When did the bakery on Lantern Street open?")
    citation = page.evaluate("""async () => {
      const { id } = JSON.parse(localStorage.getItem("citewire.history"))[0];
      return (await (await fetch(`v1/answers/${id}`)).json()).citations[0];
    }""")
    text = httpx2.get(f"{server.url}/v1/documents/astral").json()["text"]
    assert text[citation["start_char_index"] : citation["end_char_index"]] == citation["cited_text"]
    assert any(ord(character) > 0xFFFF for character in text[: citation["start_char_index"]])
    quotes = watched.last().locator(".words q")
    assert quotes.first.evaluate("one => one.textContent") == citation["cited_text"]
    watched.last().locator(".number").first.hover()
    expect(page.locator("#peek mark")).to_have_text(citation["cited_text"])
    assert "1987" in page.locator("#peek blockquote").inner_text()
    watched.last().locator(".number").first.click()
    marked = page.locator("mark[data-active]")
    expect(marked).to_be_visible()
    assert marked.evaluate("one => one.textContent") == citation["cited_text"]
    assert in_view(page, "mark[data-active]", "#panel .text")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("plain text", 0, 5),
        ("👩‍👧 after", 4, 9),
        ("𠀀𠀁 and 𠮷", 0, 1),
        ("𠀀𠀁 and 𠮷", 7, 8),
        ("a𝒜b𝒜c", 2, 4),
        ("end 🇳🇿", 4, 6),
        ("", 0, 0),
    ],
)
def test_code_points_become_utf_16_units(page: Page, text: str, start: int, end: int) -> None:
    script = """async ([text, start, end]) => {
      const { cut, placed } = await import("./page/text.js");
      return cut(text, placed(text, [{ start, end }]))
        .filter((piece) => piece.ranges.length).map((piece) => piece.text).join("");
    }"""
    assert page.evaluate(script, [text, start, end]) == text[start:end]


def test_markdown_that_is_copied_holds_no_markup_of_others(page: Page) -> None:
    script = """async (payload) => (await import("./page/markdown.js")).toMarkdown({
      question: payload, answer: `${payload} [1]`, status: "answered", created_at: 0,
      confidence: { score: 0.5 }, corroboration: { independent_sources: 1 },
      citations: [{ number: 1, document_id: "d", document_title: payload, source: payload,
        author: payload, url: payload, fragment_url: null, published_at: null,
        cited_text: payload }],
    })"""
    for payload in PAYLOADS:
        text = page.evaluate(script, payload)
        assert not re.search(r"(?<!\\)(?:<|`|\]\()", text)


@pytest.mark.parametrize(
    ("matches", "short", "want"),
    [
        pytest.param(None, "", ["𠀀 bakery 🥐 opened"], id="an old answer"),
        pytest.param([], "bakery", ["𠀀 ", "short: bakery", " 🥐 opened"], id="the short answer"),
        pytest.param(
            [(2, 8), (11, 17)], "", ["𠀀 ", "match: bakery", " 🥐 ", "match: opened"], id="matches"
        ),
        pytest.param(
            [(2, 17)], "🥐", ["𠀀 ", "match: bakery ", "short: 🥐", "match:  opened"], id="both"
        ),
        pytest.param([(2, 8)], "bakery", ["𠀀 ", "short: bakery", " 🥐 opened"], id="the same"),
    ],
)
def test_what_is_marked_in_a_quote_counts_code_points(
    page: Page, matches: list[tuple[int, int]] | None, short: str, want: list[str]
) -> None:
    script = """async ([citation, short]) => {
      const { quoted } = await import("./page/quote.js");
      const pieces = quoted("𠀀 bakery 🥐 opened", citation, short).flat(Infinity);
      return pieces.filter((one) => one !== "")
        .map((one) => one.className ? `${one.className}: ${one.textContent}` : one);
    }"""
    places = [{"start_index": a, "end_index": b} for a, b in matches or ()]
    citation = {} if matches is None else {"matches": places}
    assert page.evaluate(script, [citation, short]) == want
