"""Where independent articles disagree: another number or date for the same thing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from bot.asked import asked_kinds, asks_whether, is_keywords
from bot.evidence import Evidence
from bot.quantities import Kind, Quantity, comparable, differ, quantities
from bot.same_thing import focus, same_thing
from bot.statements import Asked, Source, Statement, asked, source, statement, values_among
from bot.wording import terms
from corpus.article import Article

# Of the sentences as ranked, so many may be the one that another article disagrees with.
LEADS = 8
# Keywords say what they are about, not what they want: it must have so much of them.
KEYWORDS_SHARE = 0.6

Independent = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two sentences of independent articles and the values that they give, word for word."""

    first: Evidence
    second: Evidence
    values: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sought:
    """What a question wants: kinds of value, and those that it gives itself.

    `least` is the share of its terms that a sentence must have to answer it.
    """

    kinds: frozenset[Kind]
    given: tuple[Quantity, ...]
    about: Asked
    least: float

    def among(self, text: str, found: Sequence[Quantity]) -> list[Quantity]:
        """Return the quantities of a sentence that would answer."""
        return [value for value in values_among(text, found) if self.wants(value)]

    def may_be_in(self, text: str) -> bool:
        """Tell whether a sentence has any value that would answer."""
        return any(self.wants(value) for value in quantities(text))

    def wants(self, value: Quantity) -> bool:
        """Tell whether a value would answer: of a kind sought, and not said by the question."""
        return value.kind in self.kinds and not any(
            comparable(value, q) and not differ(value, q) for q in self.given
        )


def sought(question: str) -> Sought:
    """Return what a question wants to know."""
    return Sought(
        asked_kinds(question),
        () if asks_whether(question) else quantities(question),
        asked(question),
        KEYWORDS_SHARE if is_keywords(question) else 0.0,
    )


def leads(wanted: Sought, ranked: Sequence[Evidence]) -> list[Evidence]:
    """Return those of the first `LEADS` sentences that state a value as the question asks for.

    None where it asks for a name, a place or a reason.
    """
    return [
        evidence
        for evidence in (ranked[:LEADS] if wanted.kinds else ())
        if wanted.among(evidence.text, quantities(evidence.text))
        and wanted.about.share_in(terms(evidence.text)) >= wanted.least
    ]


def find_disagreement(
    wanted: Sought,
    first_ones: Sequence[Evidence],
    others: Sequence[Evidence],
    articles: Mapping[str, Article],
    independent: Independent,
) -> Disagreement | None:
    """Return the first disagreement on what the question asks for; None where there is none.

    Args:
        wanted: What was asked.
        first_ones: What `leads` gives, best first: one side of the disagreement is among them.
        others: What may be the other side, best first.
        articles: The articles that all these are from, by id.
        independent: Whether two articles, by id, are not copies of one story.
    """

    @cache
    def around(name: str) -> Source:
        article = articles[name]
        return source(article.title, article.text, article.published_at)

    def read(evidence: Evidence) -> Statement:
        return statement(evidence.text, around(evidence.hit.passage.article_id))

    firsts = _closest(wanted, [(evidence, read(evidence)) for evidence in first_ones])
    # Taking a sentence apart is slow beside seeing whether it can be about the same.
    rivals = [(e, read(e)) for e in others if _may_differ(e.text, wanted, firsts)]
    for (first, a), (second, b) in product(firsts, rivals):
        values = _differing(wanted, a, b)
        names = (first.hit.passage.article_id, second.hit.passage.article_id)
        if values and independent(*names):
            return Disagreement(first, second, values)
    return None


def _closest(
    wanted: Sought, firsts: Sequence[tuple[Evidence, Statement]]
) -> list[tuple[Evidence, Statement]]:
    """Return the leads but for those after one that answers better.

    It does when one of the question's terms that the lead lacks stands by its value, one of the
    same sort, and it has more of them: of the people arrested, not of those who marched.
    """
    return [
        (evidence, a)
        for rank, (evidence, a) in enumerate(firsts)
        if not any(_is_closer(wanted, b, a) for _, b in firsts[:rank])
    ]


def _is_closer(wanted: Sought, b: Statement, a: Statement) -> bool:
    subject = wanted.about.subject
    mine, theirs = subject & (a.said | a.title), subject & (b.said | b.title)
    return len(theirs) > len(mine) and any(
        focus(wanted.about, b, y) - mine
        for x, y in product(a.values, b.values)
        if comparable(x, y) and wanted.wants(x) and wanted.wants(y)
    )


def _may_differ(text: str, wanted: Sought, firsts: Iterable[tuple[Evidence, Statement]]) -> bool:
    """Tell whether a sentence has terms in common with one of `firsts`, and a value that counts."""
    said = terms(text)
    return any(said & a.claim for _, a in firsts) and wanted.may_be_in(text)


def with_both(chosen: Sequence[Evidence], found: Disagreement, limit: int) -> list[Evidence]:
    """Return the sentences to quote: `chosen`, and both sides of a disagreement next to each other.

    The best sentence stays first unless the pair leaves no room; at most `limit`, 2 or more.
    """
    pair = [found.first, found.second]
    taken = {evidence.place for evidence in pair}
    rest = [evidence for evidence in chosen if evidence.place not in taken]
    kept = rest[: limit - len(pair)]
    place = sum(evidence.score > found.first.score for evidence in kept)
    return [*kept[:place], *pair, *kept[place:]]


def disagreement(question: str, a: Statement, b: Statement) -> tuple[str, str] | None:
    """Return the values that two statements give for the one thing asked; None if none differ.

    Built to be silent where it is not clear that they do: where they agree on another value of
    that sort, where one gives several, and where the question gives the value itself.
    """
    return _differing(sought(question), a, b)


def _differing(wanted: Sought, a: Statement, b: Statement) -> tuple[str, str] | None:
    mine, theirs = ([v for v in some.values if wanted.wants(v)] for some in (a, b))
    # Seeing whether two values differ takes a tenth of seeing whether they are of one thing.
    if not any(comparable(x, y) and differ(x, y) for x, y in product(mine, theirs)):
        return None
    rivals: dict[tuple[Kind, str], list[tuple[Quantity, Quantity]]] = {}
    for x, y in product(mine, theirs):
        if comparable(x, y) and same_thing(wanted.about, a, b, x, y):
            rivals.setdefault((x.kind, x.unit), []).append((x, y))
    differing = [pairs for pairs in rivals.values() if all(differ(x, y) for x, y in pairs)]
    if len(differing) != 1 or len(differing[0]) > 1:
        return None
    ((x, y),) = differing[0]
    return a.text[x.start : x.end], b.text[y.start : y.end]
