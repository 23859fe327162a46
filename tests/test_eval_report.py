"""The report: which failures it shows, and text that means harm."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.conversation import Turn
from corpus.article import Article
from evals.cases import Case
from evals.failures import Fault, Piece, excerpts_of, failures_of, fault_of
from evals.report import MAX_FAILURES, write_report
from evals.report_markdown import escaped
from evals.runs import Outcome, Quote, Run
from tests.bot_fakes import run
from tests.eval_fakes import outcome, run_of, suite_of

pytest.importorskip("jinja2", reason="the extra evals is not installed")

HARM = "</p></style><script>alert(1)</script><img src=https://evil.example/x onerror=x>\"'&{{7*7}}"
EVIL = Article("evil.txt", f"Title {HARM}", f"Before. {HARM} The end is gold. {HARM}")


class Page(HTMLParser):
    """Which elements and attributes a page has, and its text."""

    VOID = frozenset({"meta", "input", "br", "link", "img"})

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that will be closed."""
        self.handle_startendtag(tag, attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        """Hold that elements are closed in order."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


def quote(article: Article, words: str, *, right: bool = True) -> Quote:
    """The place of `words` in an article."""
    start = article.text.index(words)
    return Quote(article.id, start, start + len(words), words, right)


def failed(name: str, **fields: object) -> Outcome:
    """A question that was answered with the wrong evidence first."""
    told: dict[str, object] = {"answered": True, "confidence": 0.9}
    scores = {"evidence_first": 0.0, "evidence_anywhere": 0.0}
    return outcome(name, scores, **(told | fields))  # type: ignore[arg-type]  # one dict for all types


def page_of(run: Run, tmp_path: Path, *cases: Case, articles: tuple[Article, ...] = (EVIL,)) -> str:
    """The page of a run."""
    return write_report(run, suite_of(*cases, articles=articles), tmp_path).read_text("utf-8")


@pytest.mark.parametrize(
    ("one", "want"),
    [
        (failed("q"), Fault.WRONG),
        (failed("q", fault="moved"), Fault.BROKEN),
        (failed("q", kind="unanswerable"), Fault.UNFOUNDED),
        (failed("q", kind="unanswerable", answered=False), None),
        (failed("q", answered=False), Fault.LOST),
        (outcome("q", {"evidence_first": 1}, answered=False), Fault.SHY),
        (outcome("q", {"evidence_first": 1, "evidence_anywhere": 0}, answered=True), Fault.PARTIAL),
        (outcome("q", {"evidence_first": 1, "evidence_anywhere": 1}, answered=True), None),
        (outcome("q", {"document_success@1": 1, "document_mrr": 1}), None),
        (outcome("q", {"document_success@1": 0, "document_mrr": 0.1}), Fault.LATE),
        (outcome("q", {"document_success@1": 0, "document_mrr": 0}), Fault.UNFOUND),
    ],
)
def test_how_a_question_went_wrong(one: Outcome, want: Fault | None) -> None:
    assert fault_of(one) == want


def test_the_worst_failure_is_the_most_confident_wrong_answer() -> None:
    sure, unsure = failed("b", confidence=0.8), failed("a", confidence=0.6)
    shy, lost = failed("c", answered=False, confidence=0.3), failed("d", answered=False)
    ordered = failures_of([shy, unsure, replace(lost, confidence=0.1), sure], {}, {})
    assert [failure.outcome.id for failure in ordered] == ["b", "a", "d", "c"]


def test_the_quote_is_marked_in_its_passage() -> None:
    """One and two are gold, two and three are cited by [1]: four borders, five stretches."""
    article = Article("a.txt", "A", "zero one two three four")
    cited = (quote(article, "two three", right=False),)
    one = failed("q", gold=(quote(article, "one two"),), citations=cited)
    (excerpt,) = excerpts_of(one, {article.id: article})
    assert excerpt.pieces == (
        Piece("zero "),
        Piece("one ", gold=True),
        Piece("two", gold=True, cited=1),
        Piece(" three", cited=1),
        Piece(" four"),
    )
    assert not excerpt.before
    assert not excerpt.after


def test_far_quotes_of_an_article_are_shown_apart_on_whole_words() -> None:
    article = Article("a.txt", "A", "first " + "word " * 200 + "last")
    one = failed("q", gold=(quote(article, "first"),), citations=(quote(article, "last"),))
    start, end = excerpts_of(one, {article.id: article})
    assert (start.before, start.after, end.before, end.after) == (False, True, True, False)
    assert start.pieces[-1].text.split() == ["word"] * len(start.pieces[-1].text.split())
    assert end.pieces[0].text.split()[0] == "word"


def test_a_scrap_of_the_next_paragraph_is_left_out() -> None:
    """The context ends in the paragraphs of "scrap" and of "rag", a few letters behind the line."""
    text = "x" * 90 + " scrap\n\n" + "a " * 90 + "gold" + " b" * 100 + "\n\nrag " + "y" * 90
    article = Article("a.txt", "A", text)
    (excerpt,) = excerpts_of(failed("q", gold=(quote(article, "gold"),)), {article.id: article})
    shown = "".join(piece.text for piece in excerpt.pieces)
    assert shown == "a " * 90 + "gold" + " b" * 100
    assert excerpt.before
    assert excerpt.after


def test_text_without_blanks_has_its_context_too() -> None:
    """220 characters on either side."""
    article = Article("a.txt", "A", "茶" * 300 + "油" + "茶" * 300)
    (excerpt,) = excerpts_of(failed("q", gold=(quote(article, "油"),)), {article.id: article})
    assert [len(piece.text) for piece in excerpt.pieces] == [220, 1, 220]


def test_text_that_means_harm_stays_text(tmp_path: Path) -> None:
    case = Case(id="q", kind="fact", text=HARM, history=(Turn("user", f"History {HARM}"),))
    one = failed(
        "q", tags=(HARM,), why=HARM, question=HARM, standalone=f"As {HARM}", note=HARM,
        expected=(HARM,), answer=f"Got {HARM}", gold=(quote(EVIL, "The end is gold."),),
        citations=(quote(EVIL, "Before.", right=False),),
    )  # fmt: skip
    run = run_of(replace(one, kind=HARM), suite=HARM, stale=(HARM,))
    content = page_of(run, tmp_path, case)
    page = Page(content)
    assert not {"script", "img", "link", "iframe", "a", "base"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not page.open
    for told in ("History ", "As ", "Got ", "Title ", "Before. "):
        assert f"{told}{HARM}" in page.text
    assert "The end is gold." in page.text


def test_nothing_is_fetched_from_elsewhere(tmp_path: Path) -> None:
    page = page_of(run_of(failed("q")), tmp_path)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|src=|href=", page)
    assert "default-src 'none'" in page


def test_what_was_asked_is_shown_with_its_filters(tmp_path: Path) -> None:
    page = page_of(run_of(failed("a"), failed("b", kind="time")), tmp_path)
    assert re.findall(r'class="case (\w+ \w+)"', page) == ["k1 f1", "k2 f1"]
    assert "#k2:checked ~ .cases > .case:not(.k2) { display: none; }" in page
    assert ("for", "k2") in Page(page).attributes
    assert ("for", "f1") not in Page(page).attributes  # nothing to choose from


def test_where_only_documents_are_judged_the_articles_are_compared(tmp_path: Path) -> None:
    right, wrong = Article("r.txt", "Right", "Tea."), Article("w.txt", "Wrong", "Oil.")
    case = Case(id="q", kind="query", text="tea", grades=((right.id, 1),))
    scores = {"document_success@1": 0.0, "document_mrr": 0.5, "document_recall@1": 0.0}
    one = outcome("q", scores, kind="query", documents=(wrong.id, right.id))
    text = Page(page_of(run_of(one), tmp_path, case, articles=(right, wrong))).text
    assert "found at 1 · not judged relevant · w.txt" in text
    assert "found at 2 · relevant · r.txt" in text
    assert "Recall at k" in text
    assert "Reliability" not in text
    assert "Abstains" not in text


@pytest.mark.parametrize(("confidence", "told"), [(0.9, "The dot is"), (0.4, "Nothing reaches")])
def test_the_threshold_is_marked_where_an_answer_reaches_it(
    tmp_path: Path, confidence: float, told: str
) -> None:
    """The threshold of these runs is 0.5."""
    page = page_of(run_of(failed("q", confidence=confidence)), tmp_path)
    assert told in page
    assert ('class="s0 mark"' in page) == (confidence > 0.5)


def test_a_run_without_failures_says_so(tmp_path: Path) -> None:
    good = outcome("q", {"evidence_first": 1, "evidence_anywhere": 1}, answered=True, confidence=1)
    assert "Nothing." in page_of(run_of(good), tmp_path)


def test_a_long_list_of_failures_is_cut_and_says_so(tmp_path: Path) -> None:
    run = run_of(*(failed(f"q{i}") for i in range(MAX_FAILURES + 1)))
    page = page_of(run, tmp_path)
    assert page.count('<details class="case ') == MAX_FAILURES
    assert f"The worst {MAX_FAILURES} are shown" in page


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    run = run_of(failed("q"), outcome("r", {"refusal_recall": 1}, kind="unanswerable"))
    assert page_of(run, tmp_path / "a") == page_of(run, tmp_path / "b")


def test_markdown_has_the_scores_and_the_failures(tmp_path: Path) -> None:
    page_of(run_of(failed("q", question="Who | <b>?")), tmp_path)
    told = (tmp_path / "report.md").read_text("utf-8")
    assert "| evidence cited first | 0.000 | 0.000 – 0.000 | 1 |" in told
    assert "### Answered, wrong evidence first: 1\n\n- **Who \\| \\<b\\>?** (0.90)\n" in told


def test_markup_is_escaped_in_markdown() -> None:
    assert escaped("[a](http://b)\n# `c`") == r"\[a\]\(http\://b\) \# \`c\`"
    assert escaped("1. one") == r"\1. one"


@pytest.mark.slow
def test_the_command_writes_both_files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "tea.txt").write_text("Tea is hot. Robots drink oil.", "utf-8")
    (tmp_path / "mine.jsonl").write_text(
        '{"id": "q", "kind": "unanswerable", "question": "Is tea hot?"}\n', "utf-8"
    )
    names = ("--suite", str(tmp_path / "mine.jsonl"), "--corpus", str(tmp_path / "in"))
    out = tmp_path / "new" / "report"
    ran = run("eval", *names, "--data", str(tmp_path / "data"), "--report", str(out))
    assert ran.status == 0
    assert f"Written: {out / 'report.html'}" in ran.err
    assert {file.name for file in out.iterdir()} == {"report.html", "report.md"}
    assert "Is tea hot?" in (out / "report.html").read_text("utf-8")
