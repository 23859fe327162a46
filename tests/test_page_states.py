"""What the page shows when something is missing, and whether all can use it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.bot_fakes import run
from tests.http_fakes import Server, serving
from tests.page_fakes import Watched, holding, refusing, watching

pytestmark = pytest.mark.slow

QUESTION = "How many orders did the Heron get in its first 30 days on sale?"
NOWHERE = "Who won the chess world championship in 1997?"


@pytest.fixture(scope="module")
def models(exported_encoder: Path) -> Path:
    return exported_encoder.parent


@pytest.fixture(scope="module")
def data(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the bundled articles."""
    found = tmp_path_factory.mktemp("states") / "data"
    ran = run("index", "--data", str(found), environment={"CITEWIRE_MODELS": str(models)})
    assert ran.status == 0, ran.err
    return found


@pytest.fixture(scope="module")
def server(data: Path, models: Path) -> Iterator[Server]:
    with serving(data, models) as found:
        yield found


@pytest.fixture
def watched(browser: Browser, server: Server) -> Iterator[Watched]:
    with watching(browser, server.url, reduced_motion="reduce") as found:
        yield found


def test_an_empty_index_names_the_next_command_and_is_seen_when_it_is_built(
    browser: Browser, models: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with serving(data, models) as server, watching(browser, server.url) as watched:
        page = watched.open().page
        expect(page.locator("#examples")).to_contain_text("There are no articles yet")
        expect(page.locator("#examples code").first).to_have_text("citewire index FOLDER")
        watched.ask(QUESTION)
        expect(watched.last()).to_contain_text("There are no articles yet")
        environment = {"CITEWIRE_MODELS": str(models)}
        assert run("index", "--data", str(data), environment=environment).status == 0
        watched.last().get_by_role("button", name="Try again").click()
        expect(watched.last()).to_have_attribute("data-state", "answered")


def test_a_server_that_is_down_is_said_so_and_the_question_can_be_asked_again(
    browser: Browser, data: Path, models: Path
) -> None:
    with serving(data, models) as server, watching(browser, server.url) as watched:
        page = watched.begin().page
        assert server.stop() == 0
        watched.ask(QUESTION)
        expect(watched.last()).to_contain_text("The server can’t be reached")
        page.get_by_role("link", name="Articles").click()
        expect(page.locator("#articles")).to_contain_text("The server can’t be reached")
        page.get_by_role("link", name="Ask", exact=True).click()
        page.route("**/v1/answer", refusing(503, "overloaded", **{"Retry-After": "1"}))
        watched.last().get_by_role("button", name="Try again").click()
        expect(watched.last()).to_contain_text("The server is busy")


def test_a_key_is_asked_for_kept_in_the_browser_and_never_in_an_address(
    browser: Browser, data: Path, models: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    key = run("keys", "add", "page", "--data", str(copy)).out.strip()
    with serving(copy, models) as server, watching(browser, server.url) as watched:
        page = watched.open().page
        addresses: list[str] = []
        page.on("request", lambda request: addresses.append(request.url))
        expect(page.locator("#examples")).to_contain_text("This server asks for a key")
        page.get_by_label("API key").fill("wrong")
        page.get_by_role("button", name="Use this key").click()
        expect(page.locator("#examples")).to_contain_text("That key isn’t known")
        assert page.evaluate("sessionStorage.length + localStorage.length") == 1
        page.get_by_label("API key").fill(key)
        page.get_by_label("Remember it in this browser").check()
        page.get_by_role("button", name="Use this key").click()
        expect(page.locator(".example")).to_have_count(4)
        watched.ask(QUESTION)
        expect(watched.last()).to_have_attribute("data-state", "answered")
        watched.open()
        expect(page.locator(".example")).to_have_count(4)
        assert page.evaluate("localStorage.getItem('citewire.key')") == key
        assert not [address for address in addresses if key in address]
        page.get_by_role("link", name="History").click()
        page.get_by_role("button", name="Forget it").click()
        assert page.evaluate("localStorage.getItem('citewire.key')") is None


def test_too_many_questions_are_waited_for_with_the_seconds_left(
    watched: Watched, page: Page
) -> None:
    watched.begin()
    page.route("**/v1/answer", refusing(429, "rate_limited", **{"Retry-After": "2"}))
    watched.ask(QUESTION)
    again = watched.last().locator(".waits")
    expect(again).to_be_disabled()
    expect(again).to_contain_text("Try again in 2 s")
    page.unroute("**/v1/answer")
    expect(again).to_be_enabled()
    again.click()
    expect(watched.last()).to_have_attribute("data-state", "answered")


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (503, "index_unusable", "citewire doctor"),
        (503, "storage_unusable", "Nothing can be looked up now"),
        (503, "stopping", "The server is stopping"),
        (504, "deadline_exceeded", "That took too long"),
        (500, "internal_error", "Request req_0123456789abcdef"),
        (422, "invalid_value", "The server can’t take that"),
        (502, "", "Something went wrong on the server"),
    ],
)
def test_each_error_has_its_words(
    watched: Watched, page: Page, status: int, code: str, words: str
) -> None:
    watched.begin()
    page.route("**/v1/answer", refusing(status, code))
    watched.ask(QUESTION)
    expect(watched.last()).to_contain_text(words)
    expect(watched.last().get_by_role("button", name="Try again")).to_be_enabled()


def test_an_answer_that_breaks_off_or_fails_midway_is_no_answer(
    watched: Watched, page: Page
) -> None:
    watched.begin()
    kind = "text/event-stream"
    delta = 'data: {"type": "answer.text.delta", "start_index": 0, "delta": "Half an"}\n\n'
    page.route("**/v1/answer", lambda route: route.fulfill(content_type=kind, body=delta))
    watched.ask(QUESTION)
    expect(watched.last()).to_contain_text("The server can’t be reached")
    expect(watched.last()).not_to_contain_text("Half an")
    page.unroute("**/v1/answer")
    error = '{"type": "error", "error": {"code": "deadline_exceeded", "message": "Too slow."}}'
    body = f"{delta}data: {error}\n\n"
    page.route("**/v1/answer", lambda route: route.fulfill(content_type=kind, body=body))
    watched.ask(QUESTION)
    expect(watched.last()).to_contain_text("That took too long")


def test_a_slow_answer_is_said_to_be_slow_and_can_be_stopped(watched: Watched, page: Page) -> None:
    page.clock.install()
    watched.begin()
    held: list[Route] = []
    page.route("**/v1/answer", holding(held))
    page.fill("#question", QUESTION)
    page.press("#question", "Enter")
    expect(watched.last().locator(".status")).to_have_text("Searching the articles")
    page.clock.fast_forward(5000)
    expect(watched.last().locator(".status")).to_contain_text("Still searching")
    page.get_by_role("button", name="Stop").click()
    expect(watched.last()).to_contain_text("You stopped it.")
    held.pop().abort()
    page.unroute("**/v1/answer")
    page.get_by_role("button", name="Ask again").click()
    expect(watched.last()).to_have_attribute("data-state", "answered")


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [(404, "answer_not_found", "isn’t kept any more"), (410, "answer_withdrawn", "was withdrawn")],
)
def test_a_link_to_an_answer_that_is_gone_says_so(
    watched: Watched, page: Page, status: int, code: str, words: str
) -> None:
    watched.begin()
    watched.ask(QUESTION)
    saved = page.evaluate("JSON.parse(localStorage.getItem('citewire.history'))[0].id")
    page.route(f"**/v1/answers/{saved}", refusing(status, code))
    watched.open(f"#/answers/{saved}")
    expect(watched.last()).to_contain_text(words)
    page.unroute(f"**/v1/answers/{saved}")
    page.get_by_role("button", name="Ask it again").click()
    expect(watched.last()).to_have_attribute("data-state", "answered")


def test_an_answer_that_was_never_there_says_so(watched: Watched) -> None:
    watched.open("#/answers/ans_nothing")
    expect(watched.last()).to_contain_text("isn’t kept any more")


def test_a_withdrawn_article_and_one_that_changed_are_told_apart(
    watched: Watched, page: Page
) -> None:
    withdrawn = refusing(404, "document_not_found")
    changed = refusing(404, "revision_not_found")
    page.route("**/v1/documents/**", withdrawn)
    watched.begin()
    watched.ask(QUESTION)
    watched.last().locator(".title").first.click()
    expect(page.locator("#panel")).to_contain_text("This article was withdrawn")
    page.keyboard.press("Escape")

    def by_revision(route: Route) -> None:
        if "revision=" in route.request.url:
            changed(route)
        else:
            route.continue_()

    page.unroute("**/v1/documents/**")
    page.route("**/v1/documents/**", by_revision)
    watched.last().locator(".title").first.click()
    expect(page.locator("#panel")).to_contain_text("The article has changed")
    page.get_by_role("button", name="Read it as it is now").click()
    expect(page.locator("#panel .text p").first).to_contain_text("Orvane Motors")
    assert page.locator("#panel mark").count() == 0


def test_a_search_without_a_match_can_be_widened(watched: Watched, page: Page) -> None:
    def nothing(route: Route) -> None:
        route.fulfill(json={"object": "search", "query": "x", "hits": []})

    watched.open("#/articles")
    expect(page.locator("#articles-list li")).to_have_count(16)
    page.route("**/v1/search", nothing)
    page.get_by_label("Outlet").select_option("The Larkspur Courier")
    page.get_by_label("Search").fill("brakes")
    expect(page.locator("#articles-count")).to_have_text("No article matches.")
    page.unroute("**/v1/search")
    page.get_by_role("button", name="Search all outlets").click()
    expect(page.locator("#articles-list .title").first).to_contain_text("brakes")


def test_a_collection_without_examples_offers_its_newest_articles(
    watched: Watched, page: Page
) -> None:
    def without(route: Route) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, json=reply.json() | {"examples": []})

    page.route("**/v1/collection", without)
    watched.open()
    expect(page.locator(".example")).to_have_count(3)
    page.locator(".example").first.click()
    expect(page.locator("#panel-title")).to_contain_text("Brennick recalls Teasels")


def violations(page: Page) -> list[Any]:
    """What axe finds against WCAG 2.2 A and AA, and its best practices."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    options = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": tags}}
    found = Axe().run(page, options=options).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(browser: Browser, server: Server, scheme: str, width: int) -> None:
    # Tall, so that no button is half beneath the question box, which axe takes for a small one.
    options: dict[str, Any] = {
        "viewport": {"width": width, "height": 1500},
        "color_scheme": scheme,
        "reduced_motion": "reduce",
    }
    with watching(browser, server.url, **options) as watched:
        page = watched.begin().page
        expect(page.locator(".example")).to_have_count(4)
        assert violations(page) == [], "nothing asked"
        watched.ask(QUESTION)
        assert violations(page) == [], "answered"
        watched.last().locator(".words .number").first.hover()
        expect(page.locator("#peek")).to_be_visible()
        assert violations(page) == [], "a passage"
        watched.last().locator(".words .number").first.click()
        expect(page.locator("mark[data-active]")).to_be_visible()
        assert violations(page) == [], "an article"
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Not helpful").click()
        expect(page.locator(".reasons")).to_be_visible()
        watched.ask(NOWHERE)
        page.get_by_role("button", name="Filters").click()
        assert violations(page) == [], "not answered, filters and feedback open"
        page.route("**/v1/answer", refusing(429, "rate_limited", **{"Retry-After": "60"}))
        watched.ask(QUESTION)
        page.route("**/v1/answer", refusing(401, "key_missing"))
        watched.ask(QUESTION)
        assert violations(page) == [], "rate-limited, a key is asked for"
        for name in ("articles", "history"):
            page.get_by_role("link", name=name.title()).click()
            expect(page.locator(f"#{name} .rows li").first).to_be_visible()
            assert violations(page) == [], name
