"""Who says it: which articles are copies of one story, and which of them carry a quote."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import cached_property

from bot.answer import Citation, Corroboration, Document
from bot.evidence import Evidence
from bot.wording import denies, terms, terms_of_article
from corpus.article import Article, Span
from corpus.sentences import split_sentences
from index.lexical import terms_of
from index.retrieve import ArticleReader, SentenceHit
from index.store import Filters

# Of a story that many more carry, so many copies are looked at: each is an article to read.
MAX_COPIES = 50
# Passages of two copies with this share of terms in common are one passage.
_SAME_SHARE = 0.7
# An edited quote has this share of its words in order, and so many times its words at most.
_SAME_WORDING, _LONGER = 0.85, 1.5
_WORD = re.compile(r"\w+(?:[.,]\d+)*")

Clusters = Callable[[str], str]


def of_first(
    found: Sequence[SentenceHit], passages: int, articles: Mapping[str, Article], cluster: Clusters
) -> tuple[list[SentenceHit], int]:
    """Return the sentences of the first passages, and how many passages that are but for copies.

    A passage that a better copy has too does not count among the `passages`, or the copies would
    crowd out what others say. Its sentences come along: a word may have been changed.

    Args:
        found: Sentences in passage order, best passage first.
        passages: How many that are not copies of one another, at most.
        articles: The articles that they are from, by id.
        cluster: Gives an article's cluster id.
    """
    kept: list[SentenceHit] = []
    before: dict[str, list[_Text]] = {}
    row, count = -1, 0
    for sentence in found:
        if sentence.hit.row != row:
            row, passage = sentence.hit.row, sentence.hit.passage
            text = articles[passage.article_id].text[passage.start : passage.end]
            mine = _Text(passage.article_id, text)
            others = before.setdefault(cluster(passage.article_id), [])
            new = not any(_same_passage(mine, other) for other in others)
            if new and count == passages:
                break
            others.append(mine)
            count += new
        kept.append(sentence)
    return kept, count


class _Text:
    """The text of a passage; its terms are found when first asked for: few passages have copies."""

    def __init__(self, article_id: str, text: str) -> None:
        self.article_id, self._text = article_id, text

    @cached_property
    def terms(self) -> frozenset[str]:
        return frozenset(terms_of(self._text))


def _same_passage(one: _Text, other: _Text) -> bool:
    if one.article_id == other.article_id:
        return False
    shared = len(one.terms & other.terms)
    return shared >= _SAME_SHARE * max(len(one.terms), len(other.terms))


def gathered(
    ranked: Sequence[Evidence], articles: Mapping[str, Article], cluster: Clusters
) -> list[Evidence]:
    """Return the evidence, each sentence taken from the first-ranked copy that has it.

    So a story that several articles carry is quoted from one of them, as far as that one goes. A
    sentence that is already there, from the same place, is left out.
    """
    lead: dict[str, str] = {}
    seen: set[tuple[str, Span]] = set()
    moved = []
    for evidence in ranked:
        own = evidence.hit.passage.article_id
        first = articles[lead.setdefault(cluster(own), own)]
        item = evidence if first.id == own else _moved(evidence, first)
        if item.place not in seen:
            seen.add(item.place)
            moved.append(item)
    return moved


def _moved(evidence: Evidence, article: Article) -> Evidence:
    """Return the same sentence out of `article`; as it is where the article lacks it."""
    start = article.text.find(evidence.text)
    if start < 0:
        return evidence
    span = Span(start, start + len(evidence.text))
    passage = replace(evidence.hit.passage, article_id=article.id, start=span.start, end=span.end)
    return replace(evidence, hit=replace(evidence.hit, passage=passage), span=span)


def documents(
    citations: Sequence[Citation], articles: ArticleReader, filters: Filters
) -> tuple[Document, ...]:
    """Return the cited articles in order, each followed by its copies that carry a quote of it.

    Copies pass the question's filters, ascend by id, and are not looked at beyond `MAX_COPIES`.
    """
    cluster = articles.cluster_id
    quotes: dict[str, list[str]] = {}
    for citation in citations:
        quotes.setdefault(citation.document_id, []).append(citation.cited_text)
    listed: dict[str, Document] = {}
    for article_id, texts in quotes.items():
        carriers = [article_id, *_carriers(article_id, texts, articles, filters)]
        for name in carriers:
            listed.setdefault(name, _document(articles.article(name), cluster(name)))
    return tuple(listed.values())


def _carriers(
    article_id: str, quotes: Sequence[str], articles: ArticleReader, filters: Filters
) -> Iterator[str]:
    for name in articles.copies(article_id, filters)[:MAX_COPIES]:
        if carries(articles.article(name), quotes):
            yield name


def carries(article: Article, quotes: Sequence[str]) -> bool:
    """Tell whether an article has any of `quotes`, or a sentence that is one, edited."""
    text = " ".join(article.text.split())
    if any(" ".join(quote.split()) in text for quote in quotes):
        return True
    words = terms_of_article(text)
    # Cutting an article into sentences takes a millisecond: not where a quote can't be among them.
    likely = [quote for quote in quotes if terms(quote) <= words]
    sentences = split_sentences(article.text, article.language) if likely else ()
    return any(
        same_wording(quote, article.text[span.start : span.end])
        for quote in likely
        for span in sentences
    )


def same_wording(quote: str, sentence: str) -> bool:
    """Tell whether a sentence is a quote but for small words, and words that were put in.

    It has all terms and figures of the quote, its words in the same order, at most half as many
    more, and neither denies what the other doesn't.
    """
    mine, theirs = _words(quote), _words(sentence)
    if len(theirs) > _LONGER * len(mine) or denies(quote) != denies(sentence):
        return False
    figures = {word for word in mine if word[0].isdigit()}
    if not (terms(quote) <= terms(sentence) and figures <= set(theirs)):
        return False
    blocks = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) >= _SAME_WORDING * len(mine)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def corroboration(listed: Sequence[Document]) -> Corroboration:
    """Return how many articles are listed, and how many clusters they are."""
    return Corroboration(len(listed), len({document.cluster_id for document in listed}))


def _document(article: Article, cluster_id: str) -> Document:
    return Document(
        id=article.id,
        title=article.title,
        url=article.url,
        source=article.source,
        published_at=article.published_at,
        revision=article.revision,
        cluster_id=cluster_id,
    )
