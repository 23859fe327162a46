"""The reader at work: the best passages are read, and what it makes of them is put in its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from bot.evidence import Evidence, rescored
from corpus.article import Article, Passage, Span
from index.reader import Reading, Reads
from index.retrieve import Hit

# Passages that are read. More take their milliseconds and choose no better: docs/decisions/0013.
READ = 2
# What the reader counts in a sentence's score, and its least probability: docs/decisions/0013.
READER_WEIGHT = 1.0
_LEAST = 0.1


@dataclass(frozen=True, slots=True)
class PassageRead:
    """A passage that was found, and what the reader makes of it.

    `shift` leads from the text that was read to the article's.
    """

    hit: Hit
    reading: Reading
    shift: int

    @property
    def span(self) -> Span:
        """Return where in the article the likeliest words of the answer stand."""
        found = self.reading.span
        return Span(found.start + self.shift, found.end + self.shift)

    def begins_in(self, sentence: Span) -> float:
        """Return the probability, 0 to 1, that the answer, if it is here, begins in a sentence."""
        return self.reading.within(sentence.start - self.shift, sentence.end - self.shift)


def read_best(
    reader: Reads, question: str, ranked: Sequence[Evidence], articles: Mapping[str, Article]
) -> tuple[PassageRead, ...]:
    """Return what the reader makes of the `READ` passages with the best sentences, best first.

    Args:
        reader: Reads.
        question: What is asked, by itself.
        ranked: The sentences found, best first.
        articles: The articles that they are from, by id.
    """
    hits = {evidence.hit.row: evidence.hit for evidence in ranked}
    best = list(hits.values())[:READ]
    texts = [titled(articles[hit.passage.article_id], hit.passage) for hit in best]
    shifts = [hit.passage.end - len(text) for hit, text in zip(best, texts, strict=True)]
    return tuple(map(PassageRead, best, reader.read(question, texts), shifts))


def titled(article: Article, passage: Passage) -> str:
    """Return a passage's text below its article's title, if it has one; the passage ends it."""
    title = f"{article.title}\n" if article.title else ""
    return title + article.text[passage.start : passage.end]


def read_of(evidence: Evidence, reads: Sequence[PassageRead]) -> PassageRead | None:
    """Return what was made of the passage of a sentence; None where it was not read."""
    return next((read for read in reads if read.hit.row == evidence.hit.row), None)


def reordered(ranked: Sequence[Evidence], reads: Sequence[PassageRead]) -> list[Evidence]:
    """Return sentences anew, best first, by their scores and by what the reader says of them.

    To a score comes the weighted logarithm of the probability that the answer is in the passage
    and begins in the sentence, as far as it was read.
    """
    if not reads:
        return list(ranked)
    scores = [one.score + READER_WEIGHT * log(_LEAST + _holds(one, reads)) for one in ranked]
    return rescored(ranked, scores)


def _holds(evidence: Evidence, reads: Sequence[PassageRead]) -> float:
    read = read_of(evidence, reads)
    return read.begins_in(evidence.span) * read.reading.probability if read else 0.0
