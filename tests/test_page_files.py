"""What must hold of the page's files, without a browser."""

import fnmatch
import re
import tomllib
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.http_fakes import check_headers, error_of

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "bot" / "http_api" / "page"
FILES = sorted(PAGE.iterdir())
SCRIPTS = [path for path in FILES if path.suffix == ".js"]
MOST_BYTES = 100_000
MOST_LINES = 300
# What would take text for markup, or for a program.
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|"
    r"setHTML|srcdoc|parseFromString|\beval\(|new Function|\bon\w+\s*=\s*[\"']|javascript:[^`]"
)


def test_the_page_is_served_with_a_policy_that_lets_in_nothing_else(http: TestClient) -> None:
    reply = http.get("/")
    assert reply.status_code == 200
    assert reply.text == (PAGE / "index.html").read_text("utf-8")
    check_headers(reply.headers)
    policy = dict(
        part.strip().split(" ", 1) for part in reply.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert policy["trusted-types"] == "'none'"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_is_served_and_small_and_kept_by_the_browser(
    http: TestClient, path: Path
) -> None:
    reply = http.get(f"/page/{path.name}")
    assert reply.content == path.read_bytes()
    check_headers(reply.headers)
    kinds = {".html": "html", ".js": "javascript", ".css": "css", ".svg": "svg"}
    assert kinds[path.suffix] in reply.headers["content-type"]
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES
    again = http.get(f"/page/{path.name}", headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    check_headers(again.headers)


def test_a_new_version_of_a_file_is_not_taken_for_the_old_one(http: TestClient) -> None:
    reply = http.get("/page/app.js", headers={"If-None-Match": '"of another version"'})
    assert reply.status_code == 200


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fpage.py", "%2e%2e/app.py", "a/b.js", ""])
def test_nothing_else_is_served(http: TestClient, name: str) -> None:
    assert error_of(http.get(f"/page/{name}"), 404)["code"] == "unknown_endpoint"


def test_all_of_it_is_less_than_100_kb() -> None:
    assert sum(path.stat().st_size for path in FILES) < MOST_BYTES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_takes_text_for_markup(path: Path) -> None:
    text = "\n".join(
        line
        for line in path.read_text("utf-8").splitlines()
        if not line.strip().startswith(("//", "/*"))
    )
    assert not FORBIDDEN.findall(text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_names_another_host(path: Path) -> None:
    found = re.findall(r"""https?://[^\s"']+|(?<=["'(])//[^\s"')]+""", path.read_text("utf-8"))
    assert [address for address in found if address != "http://www.w3.org/2000/svg"] == []


def test_the_html_holds_no_script_and_no_style_of_its_own() -> None:
    text = (PAGE / "index.html").read_text("utf-8")
    assert not re.search(r"<script[^>]*>[^<]|<style|\sstyle=|\son\w+=", text)


def test_addresses_hold_below_a_proxys_path_too() -> None:
    text = (PAGE / "index.html").read_text("utf-8")
    addresses = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert len(addresses) > 6
    assert not [address for address in addresses if address.startswith("/")]
    for path in SCRIPTS:
        assert not re.search(r"""["'`]/(?:v1|page|readyz)""", path.read_text("utf-8")), path.name


def test_scripts_import_what_there_is_and_use_it() -> None:
    for path in SCRIPTS:
        text = path.read_text("utf-8")
        for names, module in re.findall(r'import \{([^}]+)\} from "\./([\w.]+)";', text):
            given = (PAGE / module).read_text("utf-8")
            rest = re.sub(r'import \{[^}]+\} from "[^"]+";', "", text)
            for name in re.split(r",\s*", names.strip().strip(",")):
                assert re.search(rf"^export .*\b{name}\b", given, re.MULTILINE), (path.name, name)
                assert re.search(rf"\b{name}\b", rest), (path.name, name)


def test_scripts_give_only_what_others_take() -> None:
    texts = {path.name: path.read_text("utf-8") for path in SCRIPTS}
    for name, text in texts.items():
        others = "\n".join(other for path, other in texts.items() if path != name)
        given = re.findall(r"^export (?:async )?(?:function|class|const) (\w+)", text, re.MULTILINE)
        assert not [one for one in given if not re.search(rf"\b{one}\b", others)], name


def test_a_wheel_has_every_file() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    globs = settings["package-data"]["bot.http_api"]
    for path in FILES:
        place = f"page/{path.name}"
        assert any(fnmatch.fnmatch(place, pattern) for pattern in globs), place
