"""Articles cut into passages: what is embedded, indexed and retrieved as a unit."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corpus.article import Article, Passage
from corpus.sentences import split_sentences

SPLITTER_VERSION = "1"
_MIN_ROOM = 8
# Words with the blanks after them; scripts without spaces count each character as a word.
_WORD = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]\s*"
    r"|[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+\s*"
)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or a part of one that is too long, with the blanks that follow it.

    `stop` is where the next unit starts, so the token counts of neighbours add up.
    """

    start: int
    end: int
    stop: int
    tokens: int
    opens_paragraph: bool
    after_heading: bool


@dataclass(frozen=True, slots=True)
class Splitter:
    """Cuts articles into sentence-aligned passages that fit the encoder's window.

    Token counts must add up: the tokens of two neighbouring sentences, or words, are at most the
    sum of their own. Every tokenizer that first splits at blanks and punctuation does so.

    Attributes:
        count_tokens: The number of tokens of each text, special tokens excluded.
        max_tokens: The encoder's whole window: title prefix, passage and special tokens.
        special_tokens: How many tokens the encoder adds around a text (BERT: 2).
        passage_tokens: Size that a passage is filled to, title prefix excluded.
        overlap_sentences: How many sentences a passage repeats from the one before, as far as
            they fit the window.
        title_tokens: At most so many tokens of the title stand before each passage.
    """

    count_tokens: Callable[[Sequence[str]], list[int]]
    max_tokens: int
    special_tokens: int = 2
    passage_tokens: int = 180
    overlap_sentences: int = 0
    title_tokens: int = 32

    def __post_init__(self) -> None:
        room = self.max_tokens - self.special_tokens - self.title_tokens - 1
        if room < _MIN_ROOM or self.passage_tokens < _MIN_ROOM:
            raise ValueError(
                f"a window of {self.max_tokens} tokens leaves {room} for a passage of "
                f"{self.passage_tokens}; both must be at least {_MIN_ROOM}"
            )
        if self.passage_tokens > self.max_tokens:
            raise ValueError(
                f"passage_tokens is {self.passage_tokens}, the window only {self.max_tokens}"
            )
        if self.overlap_sentences < 0 or self.title_tokens < 0:
            raise ValueError("overlap_sentences and title_tokens cannot be negative")

    def split(self, article: Article) -> tuple[Passage, ...]:
        """Return the passages of `article` in order, ordinals from 0; none for a blank text.

        They cover everything but blanks and start and end at sentences, except where one sentence
        is longer than a passage: that one is cut at words, or at characters in a script without
        spaces. A passage rather ends with a paragraph, never with a heading if that can be helped,
        and the last two are balanced so that no tiny one trails.
        """
        window = self._room(self._prefix(article.title))
        budget = min(self.passage_tokens, window)
        units = self._units(article, budget)
        cuts = _balanced(units, _packed(units, budget), budget)
        firsts = [
            self._reach(units, range(a, b), window, after=before)
            for before, a, b in zip([0, 0, *cuts], [0, *cuts], cuts, strict=False)
        ]
        return tuple(
            Passage(article.id, units[first].start, units[last - 1].end, ordinal)
            for ordinal, (first, last) in enumerate(zip(firsts, cuts, strict=True))
        )

    def embedded_text(self, article: Article, passage: Passage) -> str:
        """Return what the encoder sees: the title, cut to `title_tokens`, and the passage."""
        return self.embedded_texts(article, (passage,))[0]

    def embedded_texts(self, article: Article, passages: Sequence[Passage]) -> list[str]:
        """Return `embedded_text` of several passages of one article, counting its title once."""
        prefix = self._prefix(article.title)
        return [prefix + article.text[passage.start : passage.end] for passage in passages]

    def _prefix(self, title: str) -> str:
        """Return as many words of `title` as `title_tokens` allow and a line end, or nothing."""
        title = " ".join(title.split())
        if title and self.count_tokens([title])[0] > self.title_tokens:
            words = _WORD.findall(title)
            kept, total = 0, 0
            for tokens in self.count_tokens(words):
                total += tokens
                if total > self.title_tokens:
                    break
                kept += 1
            title = "".join(words[:kept]).rstrip()
        return title + "\n" if title else ""

    def _room(self, prefix: str) -> int:
        """Return how many tokens the window leaves for a passage after `prefix`."""
        taken = self.count_tokens([prefix])[0] if prefix else 0
        return self.max_tokens - self.special_tokens - taken

    def _units(self, article: Article, budget: int) -> list[_Unit]:
        """Return the sentences of `article`, those above `budget` in parts, counted in one go."""
        text = article.text
        spans = split_sentences(text, article.language)
        starts = [span.start for span in spans]
        rows = list(zip(starts, [*starts[1:], len(text)], strict=False))
        counts = self.count_tokens([text[a:b] for a, b in rows]) if rows else []
        parts: list[tuple[int, int, int]] = []
        for (start, stop), tokens in zip(rows, counts, strict=True):
            if tokens <= budget:
                parts.append((start, stop, tokens))
            else:
                parts += self._cut(text, start, stop, budget)
        return _as_units(text, parts)

    def _cut(self, text: str, start: int, stop: int, budget: int) -> list[tuple[int, int, int]]:
        """Return a sentence that is too long as parts of at most `budget` tokens each."""
        words = [(m.start(), m.end()) for m in _WORD.finditer(text, start, stop)]
        counts = self.count_tokens([text[a:b] for a, b in words])
        total = sum(counts)
        share = -(-total // max(1, -(-total // budget)))  # equal parts, rounded up
        parts: list[tuple[int, int]] = []
        begin, filled = start, 0
        for (a, _), tokens in zip(words, counts, strict=True):
            if a > begin and filled + tokens > share:
                parts.append((begin, a))
                begin, filled = a, 0
            filled += tokens
        return self._halved(text, [*parts, (begin, stop)], budget)

    def _halved(
        self, text: str, parts: list[tuple[int, int]], budget: int
    ) -> list[tuple[int, int, int]]:
        """Return `parts` with their counts, each that is above `budget` halved until it fits."""
        counts = self.count_tokens([text[a:b] for a, b in parts])
        fitting: list[tuple[int, int, int]] = []
        for (a, b), tokens in zip(parts, counts, strict=True):
            if tokens <= budget or b - a == 1:
                fitting.append((a, b, tokens))
            else:
                middle = (a + b) // 2
                fitting += self._halved(text, [(a, middle), (middle, b)], budget)
        return fitting

    def _reach(self, units: list[_Unit], own: range, window: int, *, after: int) -> int:
        """Return the first unit of a passage once it repeats sentences of the one before.

        `own` are its units without any overlap; `after` is where the one before starts, which is
        never repeated whole.
        """
        first = own.start
        tokens = sum(units[place].tokens for place in own)
        for _ in range(self.overlap_sentences):
            if first - 1 <= after or tokens + units[first - 1].tokens > window:
                break
            first -= 1
            tokens += units[first].tokens
        return first


def _as_units(text: str, parts: list[tuple[int, int, int]]) -> list[_Unit]:
    """Return `parts` (start, stop, tokens) of `text` with what surrounds them."""
    units: list[_Unit] = []
    heading = False
    for start, stop, tokens in parts:
        body = text[start:stop].rstrip()
        if not body:
            continue
        opens = not units or "\n\n" in text[units[-1].end : start]
        units.append(_Unit(start, start + len(body), stop, tokens, opens, heading))
        heading = text[start + len(body) : stop].startswith("\n") and body[-1].isalnum()
    return units


def _packed(units: list[_Unit], budget: int) -> list[int]:
    """Return where passages end (one past their last unit), each filled up to `budget`."""
    cuts: list[int] = []
    first, filled = 0, 0
    for place, unit in enumerate(units):
        while first < place and filled + unit.tokens > budget:
            cut = _best_cut(units, first, place, budget)
            cuts.append(cut)
            filled -= sum(u.tokens for u in units[first:cut])
            first = cut
        filled += unit.tokens
    return [*cuts, len(units)] if units else []


def _best_cut(units: list[_Unit], first: int, last: int, budget: int) -> int:
    """Return where to end a passage of `units[first:last]`: at a paragraph's end if half full."""
    filled = 0
    best = last
    rank = -1
    for cut in range(first + 1, last + 1):
        filled += units[cut - 1].tokens
        if cut < last and filled * 2 < budget:
            continue
        quality = _quality(units[cut])
        if quality >= rank:
            best, rank = cut, quality
    return best


def _quality(unit: _Unit) -> int:
    """Return how good it is to start a passage at `unit`: a paragraph 2, a sentence 1."""
    return 0 if unit.after_heading else 2 if unit.opens_paragraph else 1


def _balanced(units: list[_Unit], cuts: list[int], budget: int) -> list[int]:
    """Return `cuts` with the last two passages evened out when the last is below a third."""
    if len(cuts) <= 1:
        return cuts
    first = [0, *cuts][-3]
    tail = sum(unit.tokens for unit in units[cuts[-2] :])
    if tail * 3 >= budget:
        return cuts
    total = tail + sum(unit.tokens for unit in units[first : cuts[-2]])
    return [*cuts[:-2], _even_cut(units, first, budget, total), cuts[-1]]


def _even_cut(units: list[_Unit], first: int, budget: int, total: int) -> int:
    """Return the cut of `units[first:]` whose two sides fit and differ the least."""
    best, gap = len(units) - 1, total + 1
    filled = 0
    for cut in range(first + 1, len(units)):
        filled += units[cut - 1].tokens
        rest = total - filled
        if max(filled, rest) <= budget and abs(filled - rest) < gap:
            best, gap = cut, abs(filled - rest)
    return best
