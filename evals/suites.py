"""Suites: articles, and questions about them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from bot.wire import BUNDLED_ARTICLES
from corpus.article import Article
from corpus.read import Found, Problem, read_sources
from evals.cases import Case, read_cases
from evals.errors import InputUnusable, at

FIXED_QUESTIONS = Path(__file__).parent / "questions" / "articles.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What a run is made of.

    Attributes:
        name: How it is called in reports: `fixed`, `beir:scifact-train`.
        found: The collection as it was read.
        skipped: How many files or lines of it could not be read.
        cases: The questions to ask.
        stale: Ids of the questions left out because their article has changed.
        answers: Whether answers are judged, or only what a search finds.
    """

    name: str
    found: tuple[Found, ...]
    cases: tuple[Case, ...]
    skipped: int = 0
    stale: tuple[str, ...] = ()
    answers: bool = True

    @property
    def articles(self) -> dict[str, Article]:
        """Return its articles by id, in order; made anew each time."""
        return {item.article.id: item.article for item in self.found}

    @property
    def slug(self) -> str:
        """Return its name as a folder's."""
        return re.sub(r"[^\w.]+", "-", self.name).strip("-.") or "suite"

    @property
    def sha256(self) -> str:
        """Return the hash of its articles and questions, in order."""
        digest = sha256()
        for article in self.articles.values():
            digest.update(f"{article.id}\n{article.revision}\n".encode())
        for case in self.cases:
            digest.update(f"{case.id}\n{case.digest}\n".encode())
        return digest.hexdigest()

    def first(self, limit: int) -> "Suite":
        """Return the suite with its first `limit` questions only."""
        return replace(self, cases=self.cases[:limit])


def load_suite(name: str, folder: Path | None = None) -> Suite:
    """Return the suite that the command line calls `name`.

    Args:
        name: `fixed`, `beir:DIR`, `squad:FILE`, or a file of questions in our own format.
        folder: The articles of such a file; only for that.

    Raises:
        InputUnusable: There is no such suite, or something is wrong with it.
        SourceNotFound: There is no such folder of articles.
    """
    from evals.suite_beir import load_beir
    from evals.suite_squad import load_squad

    scheme, _, rest = name.partition(":")
    own = name != "fixed" and not (scheme in {"beir", "squad"} and rest)
    if own and folder is None:
        problem = f"{name}: a suite is fixed, beir:DIR, squad:FILE, or FILE.jsonl with --corpus DIR"
        raise InputUnusable((problem,))
    if folder is not None and not own:
        raise InputUnusable((f"{name}: brings its own articles; leave --corpus away",))
    if folder is not None:
        return load_questions(f"file:{Path(name).stem}", Path(name), [folder])
    if name == "fixed":
        return load_questions("fixed", FIXED_QUESTIONS, [BUNDLED_ARTICLES])
    return load_beir(Path(rest)) if scheme == "beir" else load_squad(Path(rest))


def load_questions(name: str, questions: Path, sources: Sequence[Path]) -> Suite:
    """Return the suite of a file of questions and the articles in `sources`.

    Raises:
        InputUnusable: Something is wrong with it.
        SourceNotFound: There is no such file or folder of articles.
    """
    found, skipped = read_collection(sources)
    cases = read_cases(questions, {item.article.id: item.article for item in found})
    if not cases.current:
        reason = f"all {len(cases.stale)} questions have stale gold: their articles have changed"
        raise InputUnusable((at(questions, None, reason),))
    return Suite(
        name=name,
        found=found,
        skipped=skipped,
        cases=cases.current,
        stale=tuple(case.id for case in cases.stale),
    )


def read_collection(sources: Sequence[Path]) -> tuple[tuple[Found, ...], int]:
    """Return the articles in files and folders, and how many files or lines could not be read.

    Raises:
        SourceNotFound: There is no such file or folder.
    """
    items = list(read_sources(sources))
    found = tuple(item for item in items if isinstance(item, Found))
    return found, sum(isinstance(item, Problem) and item.skipped for item in items)
