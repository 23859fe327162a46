"""The page as a person uses it: ask, read, follow up, rate, share, find."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, Response, Route, expect

from tests.bot_fakes import run
from tests.http_fakes import Server, serving
from tests.page_fakes import Watched, holding, in_view, watching

pytestmark = pytest.mark.slow

HERON = "How many orders did the Heron get in its first 30 days on sale?"
NOWHERE = "Who won the chess world championship in 1997?"
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}

# Numbers stand in running text, where WCAG asks for no size; the same stand below it, large.
SMALL = """() => [...document.querySelectorAll("button, a, select, .check")].filter((one) =>
  one.checkVisibility() && one.getBoundingClientRect().height < 43.5 &&
  !one.matches(".words .number, .conflict .number, .skip")).map((one) => one.outerHTML)"""

# Hands an answer's events on in small pieces, cut anywhere, and draws every few of them.
SLOWLY = """() => {
  const real = window.fetch;
  window.fetch = async (address, options) => {
    const reply = await real(address, options);
    if (!String(address).endsWith("/v1/answer")) return reply;
    const bytes = new Uint8Array(await reply.arrayBuffer());
    const body = new ReadableStream({ async start(pieces) {
      for (let at = 0; at < bytes.length; at += 61) {
        if (at % 610 === 0) await new Promise((done) => requestAnimationFrame(done));
        pieces.enqueue(bytes.slice(at, at + 61));
      }
      pieces.close();
    } });
    return new Response(body, { status: reply.status, headers: reply.headers });
  };
}"""
# What moved since it was last asked, once what is drawn now was drawn.
SHIFTED = """async () => {
  for (let n = 0; n < 3; n += 1) await new Promise((done) => requestAnimationFrame(done));
  const found = window.shift;
  window.shift = 0;
  return found;
}"""


@pytest.fixture(scope="module")
def server(exported_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The bundled articles."""
    data, models = tmp_path_factory.mktemp("page") / "data", exported_encoder.parent
    ran = run("index", "--data", str(data), environment={"CITEWIRE_MODELS": str(models)})
    assert ran.status == 0, ran.err
    with serving(data, models) as found:
        yield found


@pytest.fixture
def watched(browser: Browser, server: Server) -> Iterator[Watched]:
    with watching(browser, server.url) as found:
        yield found.begin()


def saved(server: Server, page: Page) -> dict[str, Any]:
    """The last answer, as the server keeps it."""
    script = "() => JSON.parse(localStorage.getItem('citewire.history'))[0].id"
    found: dict[str, Any] = httpx2.get(f"{server.url}/v1/answers/{page.evaluate(script)}").json()
    return found


def matched(citation: dict[str, Any]) -> list[str]:
    """The words of a quote that the question matches."""
    text, places = citation["cited_text"], citation["matches"]
    return [text[place["start_index"] : place["end_index"]] for place in places]


def test_an_answer_is_streamed_and_shows_quotes_numbers_and_sources(
    watched: Watched, server: Server, page: Page
) -> None:
    accepted: list[str] = []
    page.on("request", lambda request: accepted.append(request.headers.get("accept", "")))
    watched.ask(HERON)
    assert "text/event-stream" in accepted
    answer = saved(server, page)
    written = sorted(answer["citations"], key=lambda one: one["annotations"][0]["start_index"])
    quotes = watched.last().locator(".words q").all_inner_texts()
    assert quotes == [citation["cited_text"] for citation in written]
    numbers = watched.last().locator(".words .number").all_inner_texts()
    assert numbers == [str(citation["number"]) for citation in written]
    short = watched.last().locator(".words .short").all_inner_texts()
    assert short == [text for text in [answer["short_answer"]] if text]
    matches = watched.last().locator(".words .match").all_inner_texts()
    assert matches == [text for citation in written for text in matched(citation)]
    assert "first 30 days" in matches
    conflict = watched.last().locator(".conflict")
    for value in answer["conflicts"][0]["values"]:
        expect(conflict).to_contain_text(value)
    expect(watched.last().locator(".facts")).to_contain_text("2 independent sources")
    expect(watched.last().locator(".facts")).to_contain_text("27 June 2025")
    expect(page.locator("#said")).to_contain_text("Answered, with")


def test_nothing_moves_while_the_page_or_an_answer_comes(watched: Watched, page: Page) -> None:
    expect(page.locator(".example")).to_have_count(4)
    assert page.evaluate(SHIFTED) < 0.001
    page.evaluate(SLOWLY)
    # Asked by script: the browser forgives what moves within half a second of a key.
    submit = """(text) => {
      document.querySelector("#question").value = text;
      document.querySelector("#composer").requestSubmit();
    }"""
    page.evaluate(submit, NOWHERE)
    expect(watched.last()).to_have_attribute("data-state", "abstained")
    page.evaluate(SHIFTED)  # the question box went to the foot of the window
    for number, question in enumerate((HERON, "What does the Plover cost?", NOWHERE), start=2):
        page.evaluate(submit, question)
        expect(page.locator(".turn")).to_have_count(number)
        expect(watched.last()).not_to_have_attribute("aria-busy", "true")
        assert page.evaluate(SHIFTED) < 0.001


def test_a_number_shows_its_passage_and_opens_the_article_at_it(
    watched: Watched, server: Server, page: Page
) -> None:
    watched.ask("Which battery does the Heron use?")
    number = watched.last().locator(".words .number").first
    citation = saved(server, page)["citations"][int(number.inner_text()) - 1]
    number.hover()
    expect(page.locator("#peek")).to_be_visible()
    expect(page.locator("#peek mark")).to_have_text(citation["cited_text"])
    number.click()
    expect(page.locator("#peek")).to_be_hidden()
    expect(page.locator("#panel-title")).to_have_text(citation["document_title"])
    expect(page.locator("mark[data-active]")).to_have_text(citation["cited_text"])
    assert in_view(page, "mark[data-active]", "#panel .text")
    link = page.locator("#panel .out")
    expect(link).to_have_attribute("href", citation["fragment_url"])
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_the_panel_holds_the_article_word_for_word(
    watched: Watched, server: Server, page: Page
) -> None:
    watched.ask(HERON)
    citation = saved(server, page)["citations"][0]
    watched.last().locator(".sources .title").first.click()
    expect(page.locator("mark[data-active]")).to_be_visible()
    shown = page.locator("#panel .text p").evaluate_all("all => all.map((one) => one.textContent)")
    document = httpx2.get(f"{server.url}/v1/documents/{citation['document_id']}").json()
    assert shown == [line for line in document["text"].split("\n") if line.strip()]


def test_copies_of_a_story_are_one_source_and_can_be_read(watched: Watched, page: Page) -> None:
    watched.ask("When did Sedgeholm and Brennick announce the joint company?")
    expect(watched.last().locator(".facts")).to_contain_text("1 independent source, in 2 articles")
    expect(watched.last().locator(".sources li")).to_have_count(1)
    copy = watched.last().locator(".link")
    expect(copy).to_have_text(re.compile("Quillhaven Evening Post|The Larkspur Courier"))
    name = copy.inner_text()
    copy.click()
    expect(page.locator("#panel")).to_contain_text(name)
    assert page.locator("#panel mark").count() == 0


def test_a_follow_up_goes_on_with_the_conversation(
    watched: Watched, server: Server, page: Page
) -> None:
    watched.ask("Who is the chief executive of Orvane?")
    first = saved(server, page)
    watched.ask("How old is she?")
    second = saved(server, page)
    assert second["conversation_id"] == first["conversation_id"] is not None
    assert second["standalone_question"] != "How old is she?"
    expect(watched.last().locator(".facts")).to_contain_text(second["standalone_question"])


def test_a_conversation_that_the_server_forgot_goes_on(
    watched: Watched, server: Server, page: Page
) -> None:
    watched.ask("Who is the chief executive of Orvane?")
    page.route("**/v1/answer", lambda route: route.continue_(
        post_data=re.sub(r"conv_\w+", "conv_0", route.request.post_data or "")
    ))  # fmt: skip
    watched.ask("How old is she?")
    found = saved(server, page)
    assert found["conversation_id"] is None
    assert found["standalone_question"] != "How old is she?"


def test_an_abstention_shows_what_is_closest_and_what_there_is(
    watched: Watched, server: Server, page: Page
) -> None:
    watched.ask(NOWHERE)
    citations = saved(server, page)["citations"]
    expect(watched.last().locator(".own")).to_contain_text("do not seem to answer")
    expect(watched.last().locator(".closest li")).to_have_count(len(citations))
    matches = watched.last().locator(".closest .match").all_inner_texts()
    assert matches == [text for citation in citations for text in matched(citation)]
    expect(watched.last().locator(".covers")).to_contain_text("16 articles from 5 outlets")


def test_examples_are_asked_and_answered(watched: Watched, page: Page) -> None:
    questions = page.locator(".example").all_inner_texts()
    assert len(questions) == 4
    page.locator(".example").first.click()
    expect(watched.last().locator(".question")).to_have_text(questions[0])
    expect(watched.last()).to_have_attribute("data-state", "answered")


def test_feedback_is_kept(watched: Watched, page: Page) -> None:
    watched.ask(HERON)
    sent: list[Any] = []
    page.on("requestfinished", lambda request: sent.append(request.post_data_json))
    page.get_by_role("button", name="Helpful", exact=True).click()
    expect(watched.last().locator(".below")).to_have_text("Thank you.")
    page.get_by_role("button", name="Not helpful").click()
    page.get_by_label("Out of date").check()
    page.get_by_label("Anything else").fill("Newer figures exist.")
    page.get_by_role("button", name="Send").click()
    expect(watched.last().locator(".below")).to_contain_text("It is kept for whoever")
    wanted = {"rating": "down", "reason": "Out of date", "comment": "Newer figures exist."}
    assert [body for body in sent if body] == [{"rating": "up"}, {"rating": "down"}, wanted]


def test_a_link_to_an_answer_shows_it_to_others(
    watched: Watched, server: Server, browser: Browser, page: Page
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    watched.ask(HERON)
    quotes = watched.last().locator(".words").inner_text()
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{server.url}/#/answers/{saved(server, page)['id']}"
    with watching(browser, server.url) as other:
        other.page.goto(link)
        expect(other.last().locator(".question")).to_have_text(HERON)
        assert other.last().locator(".words").inner_text() == quotes
        other.ask("And the Plover?")  # goes on from it, in a conversation of its own
        assert "Plover" in saved(server, other.page)["standalone_question"]


def test_an_answer_is_copied_as_markdown(watched: Watched, server: Server, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    watched.ask(HERON)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    text = page.evaluate("navigator.clipboard.readText()")
    answer = saved(server, page)
    assert text.startswith(f"**{HERON}**\n\n{answer['answer'][:40]}")
    for citation in answer["citations"]:
        assert f"{citation['number']}. [{citation['document_title']}](https://" in text
        assert citation["cited_text"] in text


def test_where_nothing_may_be_copied_the_text_is_shown(watched: Watched, page: Page) -> None:
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    watched.ask(HERON)
    page.get_by_role("button", name="Copy").click()
    assert HERON in page.get_by_label("To be copied").input_value()


def test_filters_are_sent_shown_and_dropped(watched: Watched, server: Server, page: Page) -> None:
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("The Larkspur Courier").check()
    page.get_by_label("From").fill("2025-01-01")
    page.get_by_label("To", exact=True).fill("2025-05-19")
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".chip")).to_have_count(3)
    watched.ask(HERON)
    dates = {
        (citation["source"], citation["published_at"])
        for citation in saved(server, page)["citations"]
    }
    assert dates == {("The Larkspur Courier", "2025-05-19T00:00:00Z")}  # the last day counts
    page.get_by_role("button", name="The Larkspur Courier, drop this filter").click()
    expect(page.locator(".chip")).to_have_count(2)


def test_filters_that_leave_nothing_can_be_dropped(watched: Watched, page: Page) -> None:
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Citewire demo collection").check()
    page.get_by_label("From").fill("2025-01-01")
    watched.ask(HERON)
    expect(watched.last().locator(".own")).to_contain_text("No article passes the filters")
    page.get_by_role("button", name="Ask again without filters").click()
    expect(watched.last()).to_have_attribute("data-state", "answered")
    expect(page.locator("#chips")).to_be_hidden()


def test_articles_are_listed_sorted_searched_and_read(watched: Watched, page: Page) -> None:
    watched.open("#/articles")
    rows = page.locator("#articles-list .title")
    expect(rows).to_have_count(16)
    expect(rows.first).to_have_text("Brennick recalls Teasels whose brakes can let go on a hill")
    page.get_by_label("Order").select_option("title")
    expect(rows.first).to_have_text(re.compile("^Brennick"))
    expect(rows.last).to_have_text(
        "“We insure the habit, not the gadget”: an underwriter on smart cars"
    )
    page.get_by_label("Outlet").select_option("The Larkspur Courier")
    expect(page.locator("#articles-count")).to_have_text("4 articles")
    page.get_by_label("Search").fill("price of the Plover")
    expect(rows.first).to_contain_text("Plover")
    rows.first.click()
    expect(page.locator("#panel-title")).to_contain_text("Plover")
    assert "#/articles/industry%2F" in page.url
    page.get_by_role("button", name="Close").click()
    assert page.url.endswith("#/articles")
    page.go_back()
    expect(page.locator("#panel-title")).to_contain_text("Plover")


def test_history_is_kept_in_the_browser_alone_and_can_be_cleared(
    watched: Watched, page: Page
) -> None:
    watched.ask(HERON)
    page.get_by_role("link", name="History").click()
    page.get_by_role("link", name=HERON).click()
    expect(watched.last().locator(".words")).to_contain_text("41,300")
    stored = page.evaluate("JSON.stringify(Object.values(localStorage))")
    assert HERON in stored
    assert "Orvane Motors received" not in stored  # what is withdrawn must be gone here too
    page.get_by_role("link", name="History").click()
    page.get_by_role("button", name="Clear it all").click()
    expect(page.get_by_text("Nothing was asked here yet.")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0


def test_history_is_bounded(watched: Watched, page: Page) -> None:
    page.evaluate("""async () => {
      const { remember } = await import("./page/history.js");
      for (let n = 0; n < 70; n += 1) {
        remember({ id: `ans_${n}`, question: `Question ${n}?`, status: "answered", created_at: n });
      }
    }""")
    watched.open("#/history")
    expect(page.locator("#history .rows li")).to_have_count(50)
    expect(page.locator("#history .rows a").first).to_have_text("Question 69?")


def test_all_of_it_works_by_keyboard(watched: Watched, page: Page) -> None:
    page.locator("#question").focus()
    page.keyboard.type("How many orders did")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("the Heron get?")
    assert page.locator("#question").input_value() == "How many orders did\nthe Heron get?"
    page.keyboard.press("Enter")
    expect(watched.last()).to_have_attribute("data-state", "answered")
    for _ in range(9):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.className") == "number":
            break
    expect(page.locator("#peek")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#peek")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("mark[data-active]")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "panel-title"
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    assert page.evaluate("document.activeElement.className") == "number"


def test_on_a_phone_a_tap_shows_the_passage_and_nothing_is_too_small_or_too_wide(
    browser: Browser, server: Server
) -> None:
    with watching(browser, server.url, **PHONE) as watched:
        page = watched.begin().page
        watched.ask(HERON)
        watched.last().locator(".words .number").first.tap()
        expect(page.locator("#peek mark")).to_be_visible()
        page.get_by_role("button", name="Open the article").tap()
        expect(page.locator("mark[data-active]")).to_be_visible()
        assert in_view(page, "mark[data-active]", "#panel .text")
        assert page.evaluate("document.querySelector('#panel').matches(':modal')")
        page.get_by_role("button", name="Close").tap()
        small = page.evaluate(SMALL)
        assert small == []
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 700})
            for place in ("#/", "#/articles", "#/history"):
                page.evaluate("(place) => { location.hash = place; }", place)
                assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_motion_is_still_for_who_wants_it_still(browser: Browser, server: Server) -> None:
    with watching(browser, server.url, reduced_motion="reduce") as watched:
        page = watched.begin().page
        held: list[Route] = []
        page.route("**/v1/answer", holding(held))
        page.fill("#question", HERON)
        page.press("#question", "Enter")
        expect(page.locator(".bones i").first).to_be_visible()
        running = "document.getAnimations().filter((one) => one.playState === 'running').length"
        assert page.evaluate(running) == 0
        held.pop().abort()


def test_the_page_weighs_less_than_100_kb(browser: Browser, server: Server) -> None:
    with watching(browser, server.url) as watched:
        sizes: list[int] = []

        def weigh(reply: Response) -> None:
            if "/v1/" not in reply.url:
                sizes.append(len(reply.body()))

        watched.page.on("response", weigh)
        watched.begin()
        assert len(sizes) > 10
        assert sum(sizes) < 100_000
