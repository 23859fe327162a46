"""What sort of value a question asks for."""

import re

from bot.quantities import Kind, quantities

NOTHING: frozenset[Kind] = frozenset()
AMOUNTS: frozenset[Kind] = frozenset({"count", "money", "percent", "duration", "measure", "score"})

_NOUNS: tuple[tuple[str, frozenset[Kind]], ...] = (
    (
        "price|costs?|fees?|salary|revenue|profit|loss|budget|deficit|value|worth|pay|paid|fine",
        frozenset({"money", "percent"}),
    ),
    (r"share|rate|turnout|stake|proportion|percent\w*|margin", frozenset({"percent"})),
    (
        r"number|toll|count|attendance|crowd|population|total|circulation|casualt\w+|headcount",
        frozenset({"count"}),
    ),
    (
        "length|height|weight|range|distance|speed|capacity|temperature|area|depth|width|size",
        frozenset({"measure", "count"}),
    ),
    ("score|result", frozenset({"score"})),
)
# Misspelt too: "how mny". The first that matches decides.
_RULES: tuple[tuple[str, frozenset[Kind]], ...] = (
    (r"\bhow m\w*y (?:\w+ )?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b",
     frozenset({"duration"})),
    (r"\bhow m\w*y (?:\w+ )?(?:kilomet\w+|km|miles?|met\w+|hectares?|acres?|tons?|tonnes?)\b",
     frozenset({"measure"})),
    (r"\bhow m\w*y (?:\w+ )?(?:dollars?|euros?|pounds?|florins?|yuan|yen)\b", frozenset({"money"})),
    (r"\bhow (?:many|mny|manny|meny|may|often)\b", frozenset({"count", "percent"})),
    (r"\bhow (?:much|mcuh|muhc|large|big|high|low)\b", AMOUNTS - {"score"}),
    (r"\b(?:what|which|how) (?:share|percent\w*|proportion|stake|rate)\b",
     frozenset({"percent"})),
    (r"\bwhen\b|\b(?:what|which) (?:\w+ )?(?:year|date|day|month)\b|\b(?:release|start) date\b",
     frozenset({"date"})),
    (r"\bhow long\b", frozenset({"duration", "measure"})),
    (r"\bhow old\b|\b(?:age|duration)\b", frozenset({"duration"})),
    (r"\bhow (?:far|tall|deep|wide|fast|heavy|hot|cold|warm|strong)\b", frozenset({"measure"})),
    (r"\b(?:who|whom|whose|where|why|how)\b", NOTHING),
    *((rf"\b(?:{nouns})\b", kinds) for nouns, kinds in _NOUNS),
    (r"\b(?:what|which|what's|whats)\b", NOTHING),
)  # fmt: skip
_PATTERNS = tuple((re.compile(rule), kinds) for rule, kinds in _RULES)
_ASKS_AGE = re.compile(r"\bhow old\b|\bwhat age\b", re.IGNORECASE)
_YEARS = (
    r"(?:\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|[a-z]+(?:teen|ty)(?:-[a-z]+)?)"
)
# "aged 9", "19 years old", "Vask, 47, is", "Newton (26)", "Manning was 39".
_GIVES_AGE = re.compile(
    rf"\b(?:aged?|ages?|turn(?:ed|s)?)(?: of| about)? {_YEARS}\b"
    r"|\b\w+[ -](?:years?|months?|weeks?)[ -](?:old|of age)\b"
    r"|[^\W\d_](?:\)|['’”\"])?, (?:now |then |only )?\d{1,3}(?:,|\.$|;|\)| and )|\(\d{1,3}\)"
    r"|\b(?:is|was|were) (?:then |only |now )?\d{1,3}(?=[,.;)]|$| (?:and|when|at|in|on)\b)",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"^(?:did|do|does|is|are|was|were|has|have|had|can|could|will|would|should|true)\b|, right\?|"
    r"\b(?:is it true|really)\b"
)


def asked_kinds(question: str) -> frozenset[Kind]:
    """Return the kinds of value that would answer; none for a name, a place or a reason.

    A yes-no question asks for what it mentions: "more than 40,000?" for a count. Keywords alone
    ("heron orders first month") may ask for any amount.
    """
    text = question.lower().strip()
    if asks_whether(question):
        return frozenset(q.kind for q in quantities(question)) - {"duration"}
    return next((kinds for rule, kinds in _PATTERNS if rule.search(text)), AMOUNTS)


def is_keywords(question: str) -> bool:
    """Tell whether it is no sentence that says what it wants: "heron orders first month"."""
    text = question.lower().strip()
    return not asks_whether(question) and not any(rule.search(text) for rule, _ in _PATTERNS)


def asks_whether(question: str) -> bool:
    """Tell whether yes or no would answer."""
    text = question.lower().strip()
    return bool(_YES_NO.search(text)) and not re.search(r"\bhow m\w+\b", text)


def asks_age(question: str) -> bool:
    """Tell whether a question asks how old somebody or something is."""
    return bool(_ASKS_AGE.search(question))


def gives_age(sentence: str) -> bool:
    """Tell whether a sentence says, in one of the ways of news, how old somebody is."""
    return bool(_GIVES_AGE.search(sentence))
