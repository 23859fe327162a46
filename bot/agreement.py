"""Where independent articles agree: what one states, another states too, in other words."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from bot.conflicts import Independent, Sought
from bot.evidence import Evidence
from bot.quantities import Quantity, comparable, differ, quantities
from bot.reading import PassageRead
from bot.same_thing import (
    has_asked,
    long_between,
    names_part,
    narrowed,
    on_the_question,
    same_frame,
    same_thing,
)
from bot.sources import same_wording
from bot.statements import Statement, source, statement
from bot.wording import GENERIC, denies, terms
from corpus.article import Article

# Of the sentences of independent articles, as ranked, so many may be the one that agrees.
LOOKED_AT = 12
# Passages that are read for it, at most; one takes milliseconds.
READ = 2
# How probable it must be that the answer begins in that sentence; and how much of what is asked the
# sentence, with its title, and the article must have.
_SURE, _ASKED, _ASKED_AROUND = 0.5, 0.3, 0.5
# The shares of the shorter's terms, and of the longer's, that two statements which are one in other
# words have in common; and how many terms these are, since few are soon alike.
_SAME_SHORTER, _SAME_LONGER, _FEWEST = 0.6, 0.4, 3
# And of the terms that the question has not: what it is answered with.
_SAME_ANSWER = 0.4
_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_LEANS = re.compile(
    r"\W*(?:it|its|he|his|she|her|they|their|this|that|these|those)\b", re.IGNORECASE
)
_DAYS = terms("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_ARTICLES = frozenset({"a", "an", "the"})


def agree(wanted: Sought, a: Statement, b: Statement) -> bool:
    """Tell whether two statements say the same of what is asked.

    They do when they give one value for it, or are one in other words. Built to say no where that
    is not clear: a second source that is none is worse than none.
    """
    return _compatible(a, b) and (_one_value(wanted, a, b) or _one_claim(wanted, a, b))


@dataclass(frozen=True, slots=True)
class Told:
    """The words that answer, and what the reader makes of the passage of another sentence."""

    words: str
    read: Callable[[Evidence], PassageRead]

    def also_in(self, other: Evidence) -> bool:
        """Tell whether the reader, asked the same, finds the same words in another sentence."""
        read = self.read(other)
        if read.reading.there < 0 or read.begins_in(other.span) < _SURE:
            return False
        begin = other.span.start
        found = other.text[max(0, read.span.start - begin) : max(0, read.span.end - begin)]
        return _has(found, self.words) or (bool(found) and _has(self.words, found))


def find_agreeing(
    wanted: Sought,
    first: Evidence,
    others: Sequence[Evidence],
    articles: Mapping[str, Article],
    independent: Independent,
    *,
    told: Told | None = None,
) -> Evidence | None:
    """Return the first sentence of an independent article that says the same; None without one.

    One in the same words is no second source, but the first one's text again; nor is another
    article of the same outlet.

    Args:
        wanted: What was asked.
        first: The sentence that answers.
        others: What may agree with it, best first.
        articles: The articles that all these are from, by id.
        independent: Whether two articles, by id, are not copies of one story.
        told: The words that answer, where they are known.
    """
    own = articles[first.hit.passage.article_id]
    apart = (
        other
        for other in others
        if independent(own.id, other.hit.passage.article_id)
        and not _one_outlet(own, articles[other.hit.passage.article_id])
    )
    likely = [one for one in islice(apart, LOOKED_AT) if _may_agree(wanted, first, one, told)]
    if not likely:
        return None
    a, *stated = (_stated(one, articles) for one in (first, *likely))
    rivals = [
        (other, b)
        for other, b in zip(likely, stated, strict=True)
        if _compatible(a, b)
        and _one_time(a, b)
        and not _on_another(
            wanted, a, b, articles[other.hit.passage.article_id].text[: other.span.end]
        )
    ]
    found = next((other for other, b in rivals if agree(wanted, a, b)), None)
    if found or told is None:
        return found
    telling = (other for other, b in rivals if _may_tell(wanted, b, told))
    return next((other for other in islice(telling, READ) if told.also_in(other)), None)


def _one_time(a: Statement, b: Statement) -> bool:
    """Tell whether neither gives a year that the other, which gives none, can't mean."""
    for dated, other in ((a, b), (b, a)):
        years = {q.date[0] for q in dated.quantities if q.kind == "date"} - {None}
        silent = not any(q.kind == "date" for q in other.quantities)
        if silent and other.day and years and other.day.year not in years:
            return False
    return True


def _one_outlet(a: Article, b: Article) -> bool:
    return a.source is not None and a.source == b.source


def _may_agree(wanted: Sought, first: Evidence, other: Evidence, told: Told | None) -> bool:
    """Tell whether it is worth while to take a sentence apart, and its article, which is slow."""
    if same_wording(first.text, other.text):
        return False
    return (
        wanted.may_be_in(other.text)
        or len(terms(first.text) & terms(other.text)) >= _FEWEST
        or (told is not None and _has(other.text, told.words))
    )


def _stated(evidence: Evidence, articles: Mapping[str, Article]) -> Statement:
    article = articles[evidence.hit.passage.article_id]
    around = source(article.title, article.text, article.published_at)
    return statement(evidence.text, around)


def with_agreeing(chosen: Sequence[Evidence], found: Evidence, limit: int) -> list[Evidence]:
    """Return the sentences to quote: `chosen`, the last left out if need be, and one that agrees.

    As they are where it is among them; at most `limit`, 2 or more.
    """
    if found.place in {evidence.place for evidence in chosen}:
        return list(chosen)
    return [*chosen[: limit - 1], found]


def _on_another(wanted: Sought, a: Statement, b: Statement, text: str) -> bool:
    """Tell whether `b` speaks of somebody of whom the article of `a` knows nothing.

    Or begins with a name, not that of `a`, and lacks one that is asked about: "Lumio employs …".
    Where it leans on the sentence before, the names in that count too.

    Args:
        wanted: What was asked.
        a: The sentence that answers.
        b: Another article's.
        text: That article's, up to the end of `b`.
    """
    before, asked = text[: -len(b.text)].rstrip(), wanted.about
    known, names = asked.terms | _DAYS, statement(b.text).names | _first_name(b.text, before)
    if not asked.names <= b.said and _first_name(b.text, before) - a.said - known:
        return True
    if not asked.names <= b.said or _LEANS.match(b.text):
        last = re.split(r"(?<=[.!?])\s|\n", before)[-1]
        names |= statement(last).names | _first_name(last, before)
    return bool(names - a.around - a.title - known)


def _first_name(sentence: str, before: str) -> frozenset[str]:
    """Return the term of a sentence's first word where that is a name within another before it."""
    first = _WORD.search(sentence)
    if first is None or not first[0][0].isupper():
        return frozenset()
    return terms(first[0]) if re.search(rf"[a-z,] {first[0]}\b", before) else frozenset()


def _has(text: str, words: str) -> bool:
    """Tell whether a text has these words in a row, or the value that they give."""
    if f" {_bare(words)} " in f" {_bare(text)} ":
        return True
    values = quantities(words)
    return bool(values) and all(
        any(comparable(x, y) and same_value(x, y) for y in quantities(text)) for x in values
    )


def _bare(text: str) -> str:
    return " ".join(word for word in _WORD.findall(text.lower()) if word not in _ARTICLES)


def _may_tell(wanted: Sought, b: Statement, told: Told) -> bool:
    """Tell whether a sentence has the words that answer, and enough of what is asked."""
    subject = wanted.about.subject
    return (
        _has(b.text, told.words)
        and has_asked(wanted.about, b, _ASKED)
        and len(subject & b.around) >= _ASKED_AROUND * len(subject)
    )


def _one_value(wanted: Sought, a: Statement, b: Statement) -> bool:
    mine, theirs = ([v for v in some.values if wanted.wants(v)] for some in (a, b))
    return any(
        same_value(x, y) and same_thing(wanted.about, a, b, x, y)
        for x, y in product(mine, theirs)
        if comparable(x, y)
    )


def _one_claim(wanted: Sought, a: Statement, b: Statement) -> bool:
    shared, sizes = a.claim & b.claim, (len(a.claim), len(b.claim))
    answer = wanted.about.terms | GENERIC
    return (
        len(shared - answer)
        >= _SAME_ANSWER * max(1, *(len(some.claim - answer) for some in (a, b)))
        and len(shared - GENERIC) >= _FEWEST
        and len(shared) >= _SAME_SHORTER * min(sizes)
        and len(shared) >= _SAME_LONGER * max(sizes)
        and on_the_question(wanted.about, a, b)
        and on_the_question(wanted.about, b, a)
        and not names_part(a, b)
        and not long_between(a, b)
        and a.numbered == b.numbered  # "Part 1", "Part 2"
        and not narrowed(wanted.about, a, b)
    )


def _compatible(a: Statement, b: Statement) -> bool:
    """Tell whether nothing says that two sentences exclude one another, or speak of two times.

    Neither denies and the other not; of quantities of a sort that both give, two are one.
    """
    if denies(a.text) != denies(b.text):
        return False
    pairs = [(x, y) for x, y in product(a.quantities, b.quantities) if comparable(x, y)]
    sorts = {(x.kind, x.unit) for x, _ in pairs}
    return sorts == {(x.kind, x.unit) for x, y in pairs if same_value(x, y)} and same_frame(a, b)


def same_value(a: Quantity, b: Quantity) -> bool:
    """Tell whether two comparable quantities give one value, not only values that may be one.

    "More than 40" and 47 may both be right, and neither says what the other does; "at least 40" and
    40 do. Of dates the one may say more than the other, if both give the year or both the month.
    """
    if differ(a, b):
        return False
    if a.kind == "date":
        return any(None not in pair for pair in list(zip(a.date, b.date, strict=True))[:2])
    if (a.low == a.high) != (b.low == b.high) and a.kind != "score":
        return False  # a range, and a value within it
    if {a.bound, b.bound} & {"most", "limit"}:
        return a.bound == b.bound
    return a.bound == b.bound or "least" not in {a.bound, b.bound} or a.low == b.low
