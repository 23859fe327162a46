"""Do two sentences state something of the same thing?"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from bot.quantities import MONTH, Quantity, comparable, differ, quantities
from bot.units import is_unit
from bot.wording import CHANGES, FUNCTION, GENERIC, RIVALS, terms

# The share of the smaller's terms that two statements of one thing have in common.
_SAME_THING = 0.5
# Of two dates, which stand in every second sentence.
_SAME_EVENT = 0.6
# And the share of both together, or a short sentence is about any long one.
_SAME_SIZE = 0.16
# And of the question's terms that the first has.
_SAME_QUESTION = 0.6
LEAST_TERMS = 2
# Words on either side of a number that tell what it counts.
_NEAR = 5

_DATELINE = re.compile(r"^[A-Z][A-Z .'’-]{2,}(?:, [\w. ]+)?(?: \([^)]*\))? [-–—] ")
_SAY = "said|says|say|reported|reports?|announced|confirmed|estimates?|estimated|claims?|claimed"
_SAY += "|believes?|found|shows?|showed|show"
_ATTRIBUTION = re.compile(
    r",? (?:according to|as reported by|as stated by|citing)\b[^,.;]*"
    r"|^According to [^,]*,"
    rf"|, (?:[\w.'’-]+ ){{0,9}}(?:{_SAY})\b[^,.;]*"
    rf"|^(?:[\w.,'’-]+ ){{1,9}}?(?:{_SAY})(?: on [A-Z]\w+)?(?: that)? (?=[\w\W]*\d)",
)
_NAME = re.compile(r"(?<!^)\b(?!I\b)[A-Z][\w’'-]*")
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
# Before a number that the sentence only compares with.
_ASIDE = re.compile(
    r"\b(?:from|against|compared (?:with|to)|instead of|target of|than|versus|rather than|after"
    r"|of the|out of)\s(?:the\s|a\s|an\s|about\s|some\s)?$",
    re.IGNORECASE,
)
_DIFFERENCE_BEFORE = re.compile(
    r"\b(?:another|additional|other|extra|further|remaining|by)\s$", re.IGNORECASE
)
_DIFFERENCE_AFTER = re.compile(
    r"^\s(?:[\w-]+ ){0,2}(?:more|fewer|less|additional|extra|higher|lower|ahead|short)\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\bhow m\w*y (\w+)", re.IGNORECASE)
_AWAY = re.compile(r"^\s(?:from|away|off)\b")
_TOKEN = re.compile(r"[^\W_][\w-]*|[.,;:()]")
_NUMBERED = re.compile(rf"\b(?!(?i:{MONTH}))([A-Z][\w-]+) (\d{{1,2}})\b(?![-–,.]\d|%| percent)")
_SCOPE = re.compile(
    r"\b(?:in|among|outside|within)\s(?:the |a |an |its |their |all )?([^\W\d_][\w-]*)"
)
_NAME_BEFORE = re.compile(r"(?<!^)\b[A-Z][\w’'-]*\s$")
_NAME_AFTER = re.compile(r"^\s[A-Z]")
_NOT_MORE_THAN = re.compile(r"\b(?:more|less|fewer|higher|lower) than\s$", re.IGNORECASE)

_RELATIVE = re.compile(
    r"\b(this|last|next|previous|past|coming|same)\s(week|month|quarter|year|season|decade)\b"
    r"|\b(yesterday|today|tomorrow|earlier|a year (?:ago|earlier))\b"
    r"|\b(originally|previously|initially)\b"
)
_PAST = re.compile(r"last|prev|past|earlier|ago|originally|initially|yesterday")
_RATE = re.compile(
    r"(?<!\bwithin )(?<!\bin )(?<!\bfor )\b(?:a|per|each|every|an)[ -]"
    r"(second|minute|hour|day|week|month|quarter|year)\b"
)
_PERIODIC = re.compile(r"\b(hourly|daily|weekly|monthly|quarterly|annual|annually|yearly)\b")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question taken apart: its terms, names and rate ("a month"), and what is counted.

    `counted` is the term after "how many", empty where it says little ("people").
    """

    terms: frozenset[str]
    names: frozenset[str]
    counted: frozenset[str]
    rates: frozenset[str]

    def share_in(self, said: frozenset[str]) -> float:
        """Return the share, 0 to 1, of its terms that are among `said`."""
        return len(self.terms & said) / len(self.terms) if self.terms else 0.0


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence taken apart.

    Attributes:
        text: The sentence.
        title: The terms of its article's title, which tells what "it" is.
        quantities: All numbers and dates in it.
        values: Those that it states of its subject, see `statement`.
        said: All its terms.
        claim: Its terms but for who says it.
        names: The names in the claim.
        periods: "this year" and its like.
        rates: "a month", "annual".
        scopes: The terms that say where or among whom.
        numbered: Names and the numbers after them ("Orbit", "2").
    """

    text: str
    title: frozenset[str]
    quantities: tuple[Quantity, ...]
    values: tuple[Quantity, ...]
    said: frozenset[str]
    claim: frozenset[str]
    names: frozenset[str]
    periods: frozenset[str]
    rates: frozenset[str]
    scopes: frozenset[str]
    numbered: Mapping[str, str]


def asked(question: str) -> Asked:
    """Return what a question is about; numbers are left out."""
    bare = _without(question, quantities(question))
    nouns = [noun for noun in _COUNTED.findall(question) if not is_unit(noun)]
    counted = terms(" ".join(nouns)) - GENERIC - FUNCTION
    rates = frozenset(_RATE.findall(question.lower()))
    return Asked(terms(bare), _names(bare), counted, rates)


def statement(text: str, title: str = "") -> Statement:
    """Return a sentence taken apart.

    No `values` are those that it only compares with ("than 12"), differences ("12 more"), rests
    ("the other 12"), distances ("12 km from") and years in names ("the 2024 Games").
    """
    found = quantities(text)
    bare, lower = _without(text, found), text.lower()
    claim = _ATTRIBUTION.sub(" ", _DATELINE.sub("", bare))
    if len(terms(claim)) < LEAST_TERMS:  # the pattern took the claim itself for an attribution
        claim = bare
    return Statement(
        text=text,
        title=terms(title),
        quantities=tuple(found),
        values=tuple(values_among(text, found)),
        said=terms(bare),
        claim=terms(claim),
        names=_names(claim),
        periods=frozenset(" ".join(filter(None, groups)) for groups in _RELATIVE.findall(lower)),
        rates=frozenset(_RATE.findall(lower)) | frozenset(_PERIODIC.findall(lower)),
        scopes=terms(" ".join(_SCOPE.findall(bare))) - GENERIC,
        numbered=dict(_NUMBERED.findall(text)),
    )


def same_thing(question: Asked, a: Statement, b: Statement, x: Quantity, y: Quantity) -> bool:
    """Tell whether `x` in `a` and `y` in `b` are values of one thing that the question is about.

    They are when the sentences share enough of their terms and of the question's, and neither
    names another subject, time, rate or opposite. Built to say no where that is not clear.

    Args:
        question: What was asked.
        a: What one article states.
        b: What another states.
        x: A quantity of `a`.
        y: One of `b`, comparable with `x`.
    """
    shared = a.claim & b.claim
    sizes = len(a.claim), len(b.claim)
    return (
        len(shared - GENERIC) >= min(LEAST_TERMS, *sizes)
        and len(shared) >= (_SAME_EVENT if x.kind == "date" else _SAME_THING) * min(sizes)
        and len(shared) >= _SAME_SIZE * sum(sizes)
        and _on_the_question(question, a, b)
        and _on_the_question(question, b, a)
        and _same_frame(a, b, x, y)
        and not _names_part(a, b)
        and not _narrowed(question, a, b)
        and _alike_nearby(a, b, x, y)
    )


def values_among(text: str, found: Sequence[Quantity]) -> list[Quantity]:
    """Return those of a sentence's quantities that it states of its subject, see `statement`."""
    return [q for q in found if not _is_aside(text[: q.start], text[q.end :], q)]


def _is_aside(before: str, after: str, value: Quantity) -> bool:
    if value.kind == "date" and value.date[1] is None:
        return bool(_NAME_BEFORE.search(before) or _NAME_AFTER.search(after))
    if value.kind == "measure" and _AWAY.search(after):
        return True
    if _DIFFERENCE_BEFORE.search(before) or _DIFFERENCE_AFTER.search(after):
        return True
    if value.kind == "date":
        return False
    return bool(_ASIDE.search(before)) and not _NOT_MORE_THAN.search(before)


def _without(sentence: str, found: Sequence[Quantity], fill: str = " ") -> str:
    """Return the sentence with another character for those of its quantities: as long as before."""
    for quantity in found:
        filled = fill * (quantity.end - quantity.start)
        sentence = sentence[: quantity.start] + filled + sentence[quantity.end :]
    return sentence


def _names(text: str) -> frozenset[str]:
    return terms(" ".join(_NAME.findall(text)))


def _on_the_question(question: Asked, one: Statement, other: Statement) -> bool:
    """Tell whether `other` is about what `one` has of the question, and what the question names."""
    said = other.said | other.title
    wanted = (question.terms & one.said) - GENERIC
    kept = wanted & said
    if (question.names | question.counted) - said or (wanted & one.names) - kept:
        return False
    if question.rates - other.rates:
        return False
    return bool(kept) and len(kept) >= _SAME_QUESTION * len(wanted)


def _same_frame(a: Statement, b: Statement, x: Quantity, y: Quantity) -> bool:
    """Tell whether neither speaks of another time, rate or opposite than the other."""
    if a.rates != b.rates:
        return False
    if a.periods and b.periods and not a.periods & b.periods:
        return False
    if any(_PAST.search(p) for p in a.periods) != any(_PAST.search(p) for p in b.periods):
        return False
    mine, theirs = _dates_but(a, x), _dates_but(b, y)
    if mine and theirs and all(differ(one, other) for one, other in product(mine, theirs)):
        return False
    return not any(_rival(group, a.claim, b.claim) for group in RIVALS)


def _dates_but(some: Statement, value: Quantity) -> list[Quantity]:
    return [q for q in some.quantities if q.kind == "date" and q != value]


def _rival(group: frozenset[str], a: frozenset[str], b: frozenset[str]) -> bool:
    mine, theirs = group & a, group & b
    return bool(mine and theirs) and not mine & theirs


def _names_part(a: Statement, b: Statement) -> bool:
    """Tell whether each names something that the other does not."""
    return bool(a.names - b.claim - b.title and b.names - a.claim - a.title)


def _narrowed(question: Asked, a: Statement, b: Statement) -> bool:
    """Tell whether one is narrower than the other, or each differently so.

    By another word before a thing that the question is about ("ferry accident", "bus accident"),
    another number after a name ("Orbit 2"), or a scope that only one has ("in the city").
    """
    mine, theirs = _modifiers(a), _modifiers(b)
    for thing in question.terms & mine.keys() & theirs.keys():
        if mine[thing] - b.said and theirs[thing] - a.said:
            return True
    shared = a.numbered.keys() & b.numbered.keys()
    if any(a.numbered[name] != b.numbered[name] for name in shared):
        return True
    return bool((a.scopes - b.said | b.scopes - a.said) - question.terms)


def _modifiers(some: Statement) -> dict[str, frozenset[str]]:
    """Return, for each term, the terms that stand right before it."""
    bare = _without(some.text, some.quantities, ".")
    found: dict[str, frozenset[str]] = {}
    for before, word in pairwise(_TOKEN.findall(bare)):
        for term in terms(word):
            found[term] = found.get(term, frozenset()) | (terms(before) - GENERIC - FUNCTION)
    return found


def _alike_nearby(a: Statement, b: Statement, x: Quantity, y: Quantity) -> bool:
    """Tell whether the words next to two values say that they measure the same.

    A count needs one such word. Where a sentence has several values of the sort, two.
    """
    several = any(sum(comparable(x, q) for q in some.quantities) > 1 for some in (a, b))
    mine, theirs = _near(a.text, x), _near(b.text, y)
    if bool(mine & CHANGES) != bool(theirs & CHANGES):
        return False
    wanted = (x.kind == "count") + several
    return len((mine & theirs) - GENERIC) >= wanted


def _near(sentence: str, value: Quantity) -> frozenset[str]:
    """Return the terms next to a number, to the end of the clause."""
    before = re.split(r"[,;:.] ", sentence[: value.start])[-1]
    after = re.split(r"[,;:.] ?", sentence[value.end :])[0]
    words = _WORD.findall(before)[-_NEAR:] + _WORD.findall(after)[:_NEAR]
    return terms(" ".join(word for word in words if word.islower()))
