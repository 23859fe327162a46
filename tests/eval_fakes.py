"""Outcomes, runs and suites small enough to work out by hand."""

from collections.abc import Iterable, Mapping

from bot.answer import Answer
from bot.answerer import Question
from corpus.article import Article
from corpus.read import Found
from evals.cases import Case, Gold
from evals.figures import figures_of
from evals.runs import FORMAT, Circumstances, Outcome, Run, Setup
from evals.suites import Suite
from index.retrieve import Retriever
from tests.bot_fakes import TEA, WHALE, answerer


def outcome(
    name: str, scores: Mapping[str, float] | None = None, *, kind: str = "fact", **fields: object
) -> Outcome:
    """A question of which only what a test is about is told."""
    told: dict[str, object] = {
        "digest": "d", "tags": (), "why": "", "question": f"{name}?", "standalone": f"{name}?",
        "answerable": kind != "unanswerable", "scores": dict(scores or {}),
    }  # fmt: skip
    return Outcome(id=name, kind=kind, **(told | fields))  # type: ignore[arg-type]  # one dict for all types


def run_of(*outcomes: Outcome, suite: str = "fixed", stale: tuple[str, ...] = ()) -> Run:
    """A run with these outcomes and their figures."""
    setup = Setup(
        suite=suite, suite_sha256="s", asked=len(outcomes), skipped=0, stale=stale, broken=None,
        threshold=0.5, words_weight=0.8, settings={}, encoder={"model": "m", "quantization": "q"},
        splitter={}, content_sha256="c", articles=2, passages=4, packages={}, python="3",
        git_revision=None, seed=1, resamples=1,
    )  # fmt: skip
    circumstances = Circumstances(
        began_at="", snapshot_id="", platform="", figures=(), ms=dict.fromkeys("ab", 1.0)
    )
    return Run(
        format=FORMAT,
        setup=setup,
        figures=figures_of(outcomes),
        outcomes=outcomes,
        circumstances=circumstances,
    )


def suite_of(*cases: Case, articles: Iterable[Article] = (TEA, WHALE), **fields: object) -> Suite:
    """Questions about tea and whales."""
    found = tuple(Found(article, f"/in/{article.id}", None) for article in articles)
    return Suite(name="small", found=found, cases=cases, **fields)  # type: ignore[arg-type]


def gold(article: Article, words: str, group: int = 0) -> Gold:
    """The place of `words` in an article."""
    start = article.text.index(words)
    return Gold(article.id, start, start + len(words), group)


def asked(retriever: Retriever, text: str, *, threshold: float = 0.0) -> Answer:
    """The answer to a question."""
    return answerer(retriever, threshold=threshold).ask(Question(text))
