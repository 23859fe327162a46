"""A sentence, or a question, taken apart: what it is about and which values it states."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from bot.quantities import MONTH, Quantity, quantities
from bot.units import is_unit
from bot.wording import FUNCTION, GENERIC, NO_SCOPE, terms, terms_of_article

LEAST_TERMS = 2
# Articles and sentences that are not taken apart again, some 30 and 5 KB each.
_KEPT_ARTICLES, _KEPT_SENTENCES = 512, 4096
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
WORD = re.compile(r"[^\W\d_][\w’'-]*")
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

    @property
    def subject(self) -> frozenset[str]:
        """Return its terms but for names and those that tell little."""
        return self.terms - self.names - GENERIC - FUNCTION

    def share_in(self, said: frozenset[str]) -> float:
        """Return the share, 0 to 1, of its terms that are among `said`."""
        return len(self.terms & said) / len(self.terms) if self.terms else 0.0


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence taken apart.

    Attributes:
        text: The sentence.
        title: The terms of its article's title, which tells what "it" is.
        day: When the article was published.
        around: All terms of the article.
        about: The names in the article.
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
    day: datetime | None
    around: frozenset[str]
    about: frozenset[str]
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
    bare = without(question, quantities(question))
    nouns = [noun for noun in _COUNTED.findall(question) if not is_unit(noun)]
    counted = terms(" ".join(nouns)) - GENERIC - FUNCTION
    rates = frozenset(_RATE.findall(question.lower()))
    units = terms(" ".join(word for word in WORD.findall(bare) if is_unit(word)))
    return Asked(terms(bare) - units, _names(bare), counted, rates)


@dataclass(frozen=True, slots=True)
class Source:
    """What an article says around its sentences: terms of the title, of all of it, its names."""

    title: frozenset[str] = frozenset()
    around: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    day: datetime | None = None


@lru_cache(_KEPT_ARTICLES)
def source(title: str, text: str, day: datetime | None = None) -> Source:
    """Return an article as the surroundings of its sentences."""
    whole = f"{title}\n{text}"
    names = terms_of_article(" ".join(_NAME.findall(whole)))
    return Source(terms(title), terms_of_article(whole), names, day)


NO_SOURCE = Source()


@lru_cache(_KEPT_SENTENCES)
def statement(text: str, article: Source = NO_SOURCE) -> Statement:
    """Return a sentence taken apart.

    No `values` are those that it only compares with ("than 12"), differences ("12 more"), rests
    ("the other 12"), distances ("12 km from") and years in names ("the 2024 Games").
    """
    found = quantities(text)
    bare, lower = without(text, found), text.lower()
    claim = _ATTRIBUTION.sub(" ", _DATELINE.sub("", bare))
    if len(terms(claim)) < LEAST_TERMS:  # the pattern took the claim itself for an attribution
        claim = bare
    return Statement(
        text=text,
        title=article.title,
        day=article.day,
        around=article.around,
        about=article.names,
        quantities=found,
        values=tuple(values_among(text, found)),
        said=terms(bare),
        claim=terms(claim),
        names=_names(claim),
        periods=frozenset(" ".join(filter(None, groups)) for groups in _RELATIVE.findall(lower)),
        rates=frozenset(_RATE.findall(lower)) | frozenset(_PERIODIC.findall(lower)),
        scopes=terms(" ".join(_SCOPE.findall(claim))) - GENERIC - NO_SCOPE,
        numbered=dict(_NUMBERED.findall(text)),
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


def without(sentence: str, found: Sequence[Quantity], fill: str = " ") -> str:
    """Return the sentence with another character for those of its quantities: as long as before."""
    for quantity in found:
        filled = fill * (quantity.end - quantity.start)
        sentence = sentence[: quantity.start] + filled + sentence[quantity.end :]
    return sentence


def _names(text: str) -> frozenset[str]:
    return terms(" ".join(_NAME.findall(text)))
