"""Headings: what they match speaks for what stands below them, which is quoted instead."""

from collections.abc import Mapping, Sequence

from bot.evidence import Evidence, rescored
from corpus.article import Article
from corpus.sentences import is_heading

# A sentence that stays so far below its heading, in points, does not say what that says: some
# captions give a date or a figure of their own. A question says nothing at all.
_NEAR = 2.0


def without_headings(ranked: Sequence[Evidence], articles: Mapping[str, Article]) -> list[Evidence]:
    """Return sentences anew, best first: in the place of a heading the best one that it heads.

    A heading that is best of all stays where no sentence below comes near it; any other goes.

    Args:
        ranked: The sentences found, best first.
        articles: The articles that they are from, by id.
    """
    heads = [one for one in ranked if is_heading(articles[one.place[0]].text, one.span)]
    bodies = [one for one in ranked if one not in heads]
    if not (heads and bodies):
        return list(ranked)
    scores = {one.place: one.score for one in bodies}
    for head in heads:
        below = _best_below(head, heads, bodies)
        if below and (_asks(head) or below.score >= head.score - _NEAR):
            scores[below.place] = max(scores[below.place], head.score)
        elif head is ranked[0] and not _asks(head):
            scores[head.place] = head.score
    kept = [one for one in ranked if one.place in scores]
    return rescored(kept, [scores[one.place] for one in kept])


def _best_below(
    head: Evidence, heads: Sequence[Evidence], bodies: Sequence[Evidence]
) -> Evidence | None:
    """Return the best sentence up to the next heading, of the same passage or the one after it."""
    after = [one for one in (*heads, *bodies) if _follows(one, head)]
    end = min((one.span.start for one in after if one in heads), default=None)
    return next((one for one in after if end is None or one.span.start < end), None)


def _follows(one: Evidence, head: Evidence) -> bool:
    mine, theirs = one.hit.passage, head.hit.passage
    near = mine.article_id == theirs.article_id and mine.ordinal - theirs.ordinal in (0, 1)
    return near and one.span.start > head.span.start


def _asks(head: Evidence) -> bool:
    return head.text.endswith("?")
