"""Words that mean the same, or exclude one another, where two sentences are compared."""

import re
from functools import lru_cache

from index.lexical import terms_of

# Of sentences, parts of them and words, so many are kept: an answer looks at some hundreds, most of
# them several times.
KEPT = 8192

# Words for one thing; irregular forms, which the stemmer leaves apart, too.
_SYNONYMS = (
    "dead killed kills deaths died die dies fatalities lives claimed toll fatal killing",
    "injured injures hurt wounded injuries",
    "crowd spectators fans attendance watched drew attended audience viewers",
    "orders reservations bookings ordered",
    "jobs posts positions",
    "workers employees staff workforce employs",
    "cost costs price priced came",
    "paid pay bought buy acquired acquisition acquire",
    "sold sell sale sales",
    "lose lost loses loss losses",
    "begin began begins",
    "leave left leaves",
    "rise rose risen",
    "fell fall",
    "built build",
    "spent spend",
    "made make",
    "held hold",
    "ran run",
    "grew grow grown",
    "stole stolen steal",
    "drove drive",
    "taken take takes",
    "given gave give",
    "goes go went",
    "hire hired hires",
    "laid lay",
    "sank sunk sink",
    "released release published comes launched launch",
    "won win wins took got gained received",
    "founded established",
    "homes households houses",
    "car cars vehicle vehicles",
    "long length",
    "turnout voted",
    "protesters demonstrators marchers",
    "burned burnt destroyed scorched",
    "patients participants volunteers",
    "runners starters",
)
_OPPOSITES = (
    "dead,injured,missing,rescued,arrested,evacuated,hospitalised",
    "adults,children,students,seniors", "men,women", "male,female", "boys,girls",
    "senate,house", "north,south,east,west", "northern,southern,eastern,western",
    "gross,net", "minimum,maximum,average,total", "highest,lowest",
    "first,second,third,fourth,fifth,sixth", "final,semifinal,quarterfinal",
    "domestic,foreign,international", "league,cup", "season,cup", "revenue,profit,loss",
    "opened,began,started,closed,ended,finished,completed", "births,dead", "hired,cut,employs",
    "rose,fell", "imports,exports", "deposit,price", "morning,evening,afternoon", "buy,rent",
    "monday,tuesday,wednesday,thursday,friday,saturday,sunday", "won,lose", "upper,lower",
    "spring,summer,autumn,winter", "old,office",
)  # fmt: skip

_DENIES = re.compile(
    r"n['’]t\b|\b(?:not|no|never|none|nor|neither|nobody|den(?:y|ies|ied)|refus\w+|reject\w*"
    r"|dismiss\w*|ruled out|cancel\w*|unlikely|fail(?:s|ed)?|false|untrue)\b",
    re.IGNORECASE,
)


def _stem(word: str) -> str:
    return next(iter(terms_of(word)), word)


_CLASS = {
    _stem(word): _stem(group.split(maxsplit=1)[0]) for group in _SYNONYMS for word in group.split()
}


# Beside the few stop words that terms_of knows.
_STOP = frozenset(
    term
    for term in terms_of(
        "were which who whom whose had has have been being would could should may might can do"
        " does did so said its our his her him my your them he she we you i also each other near"
        " what how much many when where why there here only just get gets s"
    )
)


def terms_of_article(text: str) -> frozenset[str]:
    """Return what `terms` does, of a text too long to be kept."""
    found = (_CLASS.get(term, term) for term in terms_of(text) if term not in _STOP)
    return frozenset(term for term in found if not term[0].isdigit())


@lru_cache(KEPT)
def terms(text: str) -> frozenset[str]:
    """Return the stemmed terms of a text but for numbers and stop words, a synonym for its like."""
    return terms_of_article(text)


def denies(text: str) -> bool:
    """Tell whether a sentence says of something that it is not so."""
    return bool(_DENIES.search(text))


# These tell little of what a sentence is about.
GENERIC = terms(
    "people person total number new year time old long large own tall high big heavy wide deep fast"
    " end all day country world region"
)
# Before a noun, these say nothing of it.
FUNCTION = terms(
    "without off from into over after before about between through during against under up down"
    " out some more most than"
)
# In these something is said, or when, not where.
NO_SCOPE = terms("spring summer autumn winter report statement interview fact addition")
# What changes a number of things is not how many there are.
CHANGES = terms("hire hired add added create created eliminate")
# Of each set, a statement of one thing has the same members.
RIVALS = tuple(frozenset(_CLASS.get(_stem(w), _stem(w)) for w in g.split(",")) for g in _OPPOSITES)
SEASONS = next(group for group in RIVALS if terms("spring") & group)
