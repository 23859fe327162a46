"""What both contenders get: one collection, its passages as Citewire cuts them, questions."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from corpus.article import Article
from corpus.read import Problem, read_sources
from corpus.sentences import split_sentences
from evals.benchmark_errors import BenchmarkFailed

SEED = 20260101
# Shorter ones are headings, longer ones no questions.
_WORDS = range(5, 31)


@dataclass(frozen=True, slots=True)
class Inputs:
    """A collection to measure on.

    Attributes:
        source: What Citewire indexes.
        articles: How many articles it holds.
        passages: What the encoder sees of them: title and passage, as Citewire makes them.
        questions: Sentences of the articles.
    """

    source: Path
    articles: int
    passages: tuple[str, ...]
    questions: tuple[str, ...]


def prepare(
    source: Path,
    folder: Path,
    texts_of: Callable[[Article], Sequence[str]],
    *,
    passages: int | None,
    questions: int,
) -> Inputs:
    """Read the collection and draw the questions.

    Args:
        source: A file or folder of articles.
        folder: Where the shortened collection goes, if it has to be shortened.
        texts_of: Returns an article's passages as the encoder sees them.
        passages: Take articles, in order, until they have so many; all when None.
        questions: How many to draw; fewer come where the articles have fewer sentences.

    Raises:
        SourceNotFound: `source` does not exist.
        BenchmarkFailed: There is no article, or no sentence that could be asked.
    """
    if passages is not None:
        source = _shortened(source, folder / "articles.jsonl", texts_of, passages)
    articles = list(_articles(source))
    texts = tuple(text for article in articles for text in texts_of(article))
    drawn = draw_questions(articles, questions)
    if not drawn:
        raise BenchmarkFailed(str(source), "it holds no article with a sentence to ask for")
    return Inputs(source, len(articles), texts, drawn)


def draw_questions(articles: Sequence[Article], count: int, *, seed: int = SEED) -> tuple[str, ...]:
    """Return up to `count` different sentences of 5 to 30 words, always the same for a seed."""
    sentences = dict.fromkeys(
        article.text[span.start : span.end]
        for article in articles
        for span in split_sentences(article.text, article.language)
    )
    fit = [sentence for sentence in sentences if len(sentence.split()) in _WORDS]
    return tuple(Random(seed).sample(fit, min(count, len(fit))))  # noqa: S311  (no secret)


def write_texts(path: Path, texts: Sequence[str]) -> Path:
    """Write `texts` as JSON lines of ASCII, which every reader splits alike."""
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "ascii")
    return path


def _articles(source: Path) -> Iterator[Article]:
    for item in read_sources([source]):
        if not isinstance(item, Problem):
            yield item.article


def _shortened(
    source: Path, target: Path, texts_of: Callable[[Article], Sequence[str]], passages: int
) -> Path:
    """Write the first articles that have `passages` passages to `target` and return it."""
    count = 0
    with target.open("w", encoding="ascii") as file:
        for article in _articles(source):
            file.write(json.dumps(_record(article)) + "\n")
            count += len(texts_of(article))
            if count >= passages:
                break
    return target


def _record(article: Article) -> dict[str, str | None]:
    published_at = article.published_at
    return {
        "id": article.id,
        "title": article.title,
        "text": article.text,
        "source": article.source,
        "published_at": published_at.isoformat() if published_at else None,
        "language": article.language,
    }
