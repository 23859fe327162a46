"""Do two sentences give a value for one thing, the one that is asked for?"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise, product

from bot.quantities import Quantity, comparable, differ, quantities
from bot.statements import LEAST_TERMS, WORD, Asked, Statement, without
from bot.wording import CHANGES, FUNCTION, GENERIC, KEPT, RIVALS, SEASONS, terms

# The share of the smaller's terms that two statements of one thing have in common.
_SAME_THING = 0.5
# Of two dates, which stand in every second sentence.
_SAME_EVENT = 0.6
# And the share of both together, or a short sentence is about any long one.
_SAME_SIZE = 0.16
# And of the question's terms that the first has.
_SAME_QUESTION = 0.6
# Words on either side of a number that tell what it counts.
_NEAR = 6
# Of the question's terms, but for names, what a sentence and its title must have to answer it.
_ANSWERS = 0.6
# Names that two articles on one event have in common.
_SAME_NAMES = 2
# And how far apart they are published, or a figure has had time to change.
_SAME_TIME = timedelta(days=120)
# Sentences whose words are not looked through again.
_KEPT_SENTENCES = 2048
_TOKEN = re.compile(r"[^\W_][\w-]*|[.,;:()]")
_PAST = re.compile(r"last|prev|past|earlier|ago|originally|initially|yesterday")


def same_thing(question: Asked, a: Statement, b: Statement, x: Quantity, y: Quantity) -> bool:
    """Tell whether `x` in `a` and `y` in `b` are values of one thing that the question is about.

    They are when the sentences are alike, or when both answer the question and their articles are
    on one event; and neither names another subject, time, rate or opposite. Built to say no
    where that is not clear.

    Args:
        question: What was asked.
        a: What one article states.
        b: What another states.
        x: A quantity of `a`.
        y: One of `b`, comparable with `x`.
    """
    return (
        (_are_alike(question, a, b, x, y) or _both_answer(question, a, b, x, y))
        and same_frame(a, b, x, y)
        and not narrowed(question, a, b)
    )


def _are_alike(question: Asked, a: Statement, b: Statement, x: Quantity, y: Quantity) -> bool:
    """Tell whether two sentences share enough of their terms and of the question's."""
    shared = a.claim & b.claim
    sizes = len(a.claim), len(b.claim)
    return (
        len(shared - GENERIC) >= min(LEAST_TERMS, *sizes)
        and len(shared) >= (_SAME_EVENT if x.kind == "date" else _SAME_THING) * min(sizes)
        and len(shared) >= _SAME_SIZE * sum(sizes)
        and on_the_question(question, a, b)
        and on_the_question(question, b, a)
        and not names_part(a, b)
        and not (x.kind == "date" and long_between(a, b))
        and _alike_nearby(a, b, x, y)
    )


def _both_answer(question: Asked, a: Statement, b: Statement, x: Quantity, y: Quantity) -> bool:
    """Tell whether a word of the question stands by both values, and the articles are on one event.

    So "The building will cost …" and "The new library will cost …" are told to be one thing.
    """
    if _several(a, x) or _several(b, y) or _apart(a, b):
        return False
    if not focus(question, a, x) & focus(question, b, y) or not _on_one_event(question, a, b):
        return False
    return all(has_asked(question, some, _ANSWERS) for some in (a, b))


def _on_one_event(question: Asked, a: Statement, b: Statement) -> bool:
    """Tell whether two articles share names, or both sentences have all that the question names."""
    named = question.names and all(question.names <= s.said | s.title for s in (a, b))
    return bool(named) or len(a.about & b.about) >= _SAME_NAMES


def on_the_question(question: Asked, one: Statement, other: Statement) -> bool:
    """Tell whether `other` is about what `one` has of the question, and what the question names."""
    said = other.said | other.title
    wanted = (question.terms & one.said) - GENERIC
    kept = wanted & said
    if (question.names | question.counted) - said or (wanted & one.names) - kept:
        return False
    if question.rates - other.rates:
        return False
    return bool(kept) and len(kept) >= _SAME_QUESTION * len(wanted)


def same_frame(
    a: Statement, b: Statement, x: Quantity | None = None, y: Quantity | None = None
) -> bool:
    """Tell whether neither speaks, beside `x` and `y`, of another time, rate or opposite."""
    if a.rates != b.rates:
        return False
    if a.periods and b.periods and not a.periods & b.periods:
        return False
    if any(_PAST.search(p) for p in a.periods) != any(_PAST.search(p) for p in b.periods):
        return False
    mine, theirs = _dates_but(a, x), _dates_but(b, y)
    if mine and theirs and all(differ(one, other) for one, other in product(mine, theirs)):
        return False
    # A season is a part of a date: "spring 2028".
    groups = (group for group in RIVALS if not x or x.kind != "date" or group != SEASONS)
    return not any(_rival(group, a.claim, b.claim) for group in groups)


def _dates_but(some: Statement, value: Quantity | None) -> list[Quantity]:
    return [q for q in some.quantities if q.kind == "date" and q != value]


def _rival(group: frozenset[str], a: frozenset[str], b: frozenset[str]) -> bool:
    mine, theirs = group & a, group & b
    return bool(mine and theirs) and not mine & theirs


def has_asked(question: Asked, some: Statement, share: float) -> bool:
    """Tell whether a sentence and its title have a share of what is asked; its article, names."""
    wanted, said = question.subject, some.said | some.title
    return (
        question.names <= some.around
        and question.counted <= said
        and len(wanted & said) >= share * len(wanted)
    )


def names_part(a: Statement, b: Statement) -> bool:
    """Tell whether each names something that the other does not."""
    return bool(a.names - b.claim - b.title and b.names - a.claim - a.title)


def narrowed(question: Asked, a: Statement, b: Statement) -> bool:
    """Tell whether one is narrower than the other, or each differently so.

    By another word before a thing that the question is about ("ferry accident", "bus accident"),
    another number after a name ("Orbit 2"), or a scope that only one has ("in the city").
    """
    mine, theirs = _modifiers(a.text), _modifiers(b.text)
    for thing in question.terms & mine.keys() & theirs.keys():
        if mine[thing] - b.said and theirs[thing] - a.said:
            return True
    shared = a.numbered.keys() & b.numbered.keys()
    if any(a.numbered[name] != b.numbered[name] for name in shared):
        return True
    return bool((a.scopes - b.said | b.scopes - a.said) - question.terms)


@lru_cache(_KEPT_SENTENCES)
def _modifiers(sentence: str) -> Mapping[str, frozenset[str]]:
    """Return, for each term, the terms that stand right before it."""
    bare = without(sentence, quantities(sentence), ".")
    found: dict[str, frozenset[str]] = {}
    for before, word in pairwise(_TOKEN.findall(bare)):
        for term in terms(word):
            found[term] = found.get(term, frozenset()) | (terms(before) - GENERIC - FUNCTION)
    return found


def _alike_nearby(a: Statement, b: Statement, x: Quantity, y: Quantity) -> bool:
    """Tell whether the words next to two values say that they measure the same.

    A count needs one such word. Where a sentence has several values of the sort, two.
    """
    several = _several(a, x) or _several(b, y)
    mine, theirs = _near(a.text, x.start, x.end), _near(b.text, y.start, y.end)
    if bool(mine & CHANGES) != bool(theirs & CHANGES):
        return False
    wanted = (x.kind == "count") + several
    return len((mine & theirs) - GENERIC) >= wanted


def focus(question: Asked, some: Statement, value: Quantity) -> frozenset[str]:
    """Return the question's terms, but for names, that stand by a value."""
    return _near(some.text, value.start, value.end) & question.subject


def _several(some: Statement, value: Quantity) -> bool:
    """Tell whether a sentence has more than one quantity of a sort."""
    return sum(comparable(value, other) for other in some.quantities) > 1


def _apart(a: Statement, b: Statement) -> bool:
    """Tell whether two articles are on other events: by their dates, or by whom they name."""
    return long_between(a, b) or bool(a.names - b.around and b.names - a.around)


def long_between(a: Statement, b: Statement) -> bool:
    """Tell whether their articles were published so far apart that a figure may have changed."""
    return a.day is not None and b.day is not None and abs(a.day - b.day) > _SAME_TIME


@lru_cache(KEPT)
def _near(sentence: str, start: int, end: int) -> frozenset[str]:
    """Return the terms next to a number at `[start, end)`, to the end of the clause."""
    before = re.split(r"[,;:.] ", sentence[:start])[-1]
    after = re.split(r"[,;:.] ?", sentence[end:])[0]
    words = WORD.findall(before)[-_NEAR:] + WORD.findall(after)[:_NEAR]
    return terms(" ".join(word for word in words if word.islower()))
