"""Example questions, made of the headlines of a collection and tried before they are shown."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from bot.answer import Answer
from corpus.article import Article

MOST = 4
_ARTICLES = 400
_TRIED = 24
_CANDIDATES = 12
_MAX_CHARS = 90
# What a headline says somebody does. Plurals look the same ("engineers find"), so a verb is one
# only if it is here; a headline that is left out costs nothing.
_VERBS = frozenset(
    """
    abandons accepts accuses acquires admits adopts appeals approves arrests attacks backs bans
    beats begins blames blocks boycotts breaks brings builds buys cancels changes closes condemns
    confirms criticises criticizes cuts declares defeats defends delays denies dismisses drops
    elects ends enters evacuates expands expels files fines fires gets grants halts hires imposes
    indicts introduces invests issues joins keeps launches leaves lifts loses lowers merges moves
    names offers opens orders ousts overturns pardons passes pauses picks postpones prices protests
    publishes pulls pushes puts quits raises recalls refuses rejects releases removes replaces
    resigns restricts reverses scraps seeks seizes sells sentences shuts signs splits starts stops
    strikes sues suspends switches takes trims unveils votes wins withdraws
    """.split()  # noqa: SIM905  (a column of a hundred quoted words can't be read)
)
_WORD = r"[A-Z][\w.&'’-]*"
_HEADLINE = re.compile(
    rf"(?P<who>{_WORD}(?: {_WORD}){{0,3}}) (?P<verb>[a-z]+) (?P<what>\S.*)", re.DOTALL
)
# The first clause is enough to ask about; a comma may stand in a number, `and` between names.
_CLAUSE_END = re.compile(
    r",? (?:after|as|amid|because|but|following|over|while|with|and(?! [A-Z]))\b"
    r"|,(?!\d)|[;:—–]| - "
)
_WITH_THE = re.compile(
    r"\b(?:Agency|Association|Board|Commission|Committee|Congress|Council|Court|Department|"
    r"Ministry|Office|Organi[sz]ation|Parliament|Party|Senate|Union|US)$"
)


def examples(articles: Iterable[Article], ask: Callable[[str], Answer]) -> tuple[str, ...]:
    """Return at most four questions about these articles, in their order.

    They are those of the first dozen that are answered with most confidence, each from the article
    whose headline it is made of. Only English headlines make some; there may be none. At most two
    dozen articles are tried: some 50 questions.
    """
    found: list[tuple[float, str]] = []
    made = (
        (article, questions)
        for article in islice(articles, _ARTICLES)
        if (questions := tuple(of_headline(article)))
    )
    for article, questions in islice(made, _TRIED):
        best = max(_answered(article, questions, ask), default=None)
        if best is not None and best[1] not in {question for _, question in found}:
            found.append(best)
        if len(found) == _CANDIDATES:
            break
    shown = set(sorted(found, reverse=True)[:MOST])
    return tuple(question for score, question in found if (score, question) in shown)


def _answered(
    article: Article, questions: Iterable[str], ask: Callable[[str], Answer]
) -> Iterator[tuple[float, str]]:
    """Yield those of the questions that the article answers, and how surely."""
    for question in questions:
        answer = ask(question)
        if answer.status == "answered" and answer.citations[0].document_id == article.id:
            yield answer.confidence.score, question


def of_headline(article: Article) -> Iterator[str]:
    """Yield questions on why and when somebody did what a headline says: `Orvane trims prices`."""
    found = _HEADLINE.fullmatch(article.title.strip())
    if not found or found["verb"] not in _VERBS or not _is_name(found["who"], article.text):
        return
    what = _CLAUSE_END.split(found["what"], maxsplit=1)[0].rstrip(" .!?")
    who = f"the {found['who']}" if _WITH_THE.search(found["who"]) else found["who"]
    for asking in ("Why", "When"):
        question = f"{asking} did {who} {_infinitive(found['verb'])} {what}?"
        if what and len(question) <= _MAX_CHARS:
            yield question


def _is_name(who: str, text: str) -> bool:
    """Tell whether the words have their capitals inside sentences too."""
    return re.search(rf"[a-z0-9,] {re.escape(who.rsplit(maxsplit=1)[-1])}\b", text) is not None


def _infinitive(verb: str) -> str:
    """Return a verb in -s without it."""
    if verb.endswith("ies"):
        return f"{verb[:-3]}y"
    if re.search(r"(?:ss|sh|ch|x)es$", verb):
        return verb[:-2]
    return verb[:-1]
