"""Questions about two things: what the best sentence leaves open is sought in other articles."""

import re
from collections.abc import Callable, Sequence

from bot.evidence import Evidence
from bot.stand_ins import pair_of
from corpus.article import Span

# What the first search counts beside the second, and how far below the best a sentence may stay:
# docs/decisions/0009.
_FIRST_SHARE = 0.5
_REACH = 4.0
_ASKING = r"(?:who|whom|whose|what|what's|which|when|where|how|why)"
_AT = r"(?:about|at|by|for|from|in|of|on|to|with)"
_FORM = re.compile(
    # A second question, and what is said of something that another clause describes.
    rf"(?:\b(?:and|or|but)|,)(?: also)? (?:{_AT} )?{_ASKING} [\w'’-]+ [\w'’-]+"
    r"|(?<=\w )\w+ (?:that|who|which|whose) (?!(?:is|are)\?)"
    # Two that are named as two.
    r"|\bboth\b.+\band\b|\b(?:which|what) two\b|\bin (?:each|both) cases?\b|\brespectively\b"
    r"|\beach of (?:the|them|these|those)\b"
    # A comparison.
    r"|\bcompared? (?:with|to)\b|\bdifferences? between\b|\bbetween\b.+\band\b|\bversus\b|\bvs\b"
    r"|\bdiffers?\b|\b(?:more|less|fewer|better|worse|[a-z]{2,}er)\b[^.?!]*[:,] [^,?]+,? or \w",
    re.IGNORECASE,
)


def asks_two_things(question: str) -> bool:
    """Tell whether a question, by its form, may need two articles.

    It has two questions, compares, joins two names, or describes what it is about by something else
    (`the firm that …`).
    """
    return bool(_FORM.search(question) or pair_of(question))


def elsewhere(
    first: Sequence[Evidence],
    second: Sequence[Evidence],
    independent: Callable[[str, str], bool],
) -> Evidence | None:
    """Return the best sentence of another story than the best; None where none comes near it.

    Args:
        first: What was found for the question, best first.
        second: What was found for it with the best sentence before it.
        independent: Tells whether two articles, by their ids, are no copies of one story.
    """
    if not first:
        return None
    best = first[0]
    one, other = _scores(first), _scores(second)
    low, lowest = min(one.values()), min(other.values(), default=0.0)
    found = {item.place: item for item in (*first, *second)}
    apart = [item for item in found.values() if independent(item.place[0], best.place[0])]
    chosen = max(
        apart,
        key=lambda item: other.get(item.place, lowest) + _FIRST_SHARE * one.get(item.place, low),
        default=None,
    )
    return chosen if chosen and chosen.score >= best.score - _REACH else None


def _scores(ranked: Sequence[Evidence]) -> dict[tuple[str, Span], float]:
    return {item.place: item.score for item in ranked}


def with_other(quoted: Sequence[Evidence], other: Evidence | None, limit: int) -> list[Evidence]:
    """Return what is quoted with one more sentence, which takes the last place if there is none."""
    if other is None or any(item.place == other.place for item in quoted):
        return list(quoted)
    return [*quoted[: limit - 1], other]
