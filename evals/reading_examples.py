"""What the reader is trained on: questions beside passages as the product finds and cuts them.

Each question that its article answers comes with the passage that has the answer, be it found or
not, and mostly with another one found that does not; a question that nothing answers comes with the
best passage of the article that it was asked about. What is similar must not pass for what answers:
in other examples the answer was cut out, or the question was changed (another year, number or
name, a word for the opposite or for another thing of the kind, "why" where no reason is given), or
was asked of something else; the less so, the more questions without an answer a set has. Questions
are reworded, and of those alike in words as many are answered as not (`balanced`): words in common
tell nothing.
"""

import json
import random
import re
from collections import deque
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.article import Span
from corpus.sentences import split_sentences
from evals.rewording import Thesaurus, mistaken, reworded, worse
from evals.training_sets import Asked, TrainingSet
from index.lexical import terms_of
from index.passage_texts import passage_texts

if TYPE_CHECKING:
    from corpus.article import Passage
    from corpus.passages import Splitter
    from index.encoder import PassageText
    from index.retrieve import Retriever

_FOUND = 8
# Of the questions that are answered, how many come also with another passage, with the sentence cut
# out, with another year or name, with another word, and with a passage on something else that is
# given the name.
_BESIDE, _CUT, _CHANGED, _MISTAKEN, _MOVED = 0.8, 0.6, 0.6, 0.8, 0.3
# A question with a name is moved to the passage with most of its words, of so many asked before.
_REMEMBERED, _TRIED = 3000, 60
# What is left when a sentence is cut out must say something.
_FEWEST_SENTENCES, _FEWEST_WORDS = 2, 15
_UNTITLED = 0.25
_YEAR = re.compile(r"\b(1[0-9]|20)\d\d\b")
_NUMBER = re.compile(r"\b\d+(?:[.,]\d+)*\b")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*\b")
# What may be asked instead, and what in a passage might answer that.
_ASKING = re.compile(
    r"(?i)\b(?:when|where|why|how|in (?:what|which) year|(?:what|which) year)"
    r"(?= (?:did|do|does|was|were|is|are|has|have|had|will|can|could)\b)"
)
_INSTEAD = {
    "why": re.compile(
        r"(?i)\b(?:becaus|cause|due|since|so that|reason|why|in order|result|led|lead|therefore|"
        r"thus|owing|thanks|hence|motiv|aim|purpose|explain|wanted|feared|hoped)\w*"
    ),
    "when": re.compile(
        r"(?i)\d|\b(?:when|during|after|before|century|decade|day|night|week|month|year|season|"
        r"spring|summer|autumn|winter|early|late|today|now|once|first|morning|january|february|"
        r"march|april|may|june|july|august|september|october|november|december)s?\b"
    ),
}
# Words in common are counted in fifths.
_LEVELS = 5


@dataclass(frozen=True, slots=True)
class Example:
    """A question beside a passage.

    Attributes:
        question: What is asked.
        text: The passage as the encoder sees it, with its article's title or without.
        spans: Where in `text` the answer may stand; none when it is not there.
    """

    question: str
    text: str
    spans: tuple[tuple[int, int], ...]


class Maker:
    """Makes the examples of questions; the same seed gives the same ones."""

    def __init__(self, thesaurus: Thesaurus, chance: random.Random) -> None:
        """Take what decides, and what rewords."""
        self._thesaurus, self._chance = thesaurus, chance
        self._asked = deque[tuple[str, str]](maxlen=_REMEMBERED)

    def examples(
        self, training: TrainingSet, retriever: "Retriever", splitter: "Splitter", times: int
    ) -> Iterator[tuple[Example, ...]]:
        """Yield the examples that each question makes; none where its answer is cut apart.

        The more questions without an answer a set has, the fewer are made up; none from half on.
        Sentences are cut out, and other passages come, all the same.

        Args:
            training: Articles and questions.
            retriever: Searches the articles.
            splitter: What they were split with.
            times: How often each question is used, differently as a rule.
        """
        cut = _Cut(retriever, splitter)
        answered = sum(bool(asked.spans) for asked in training.asked)
        made_up = max(0.0, 2 - len(training.asked) / max(1, answered))
        for asked in training.asked:
            passages = cut.passages(asked)
            made = chain.from_iterable(
                self._of_question(asked, passages, made_up) for _ in range(times)
            )
            yield tuple(map(self._written, made))

    def _written(self, one: Example) -> Example:
        """Return an example as the product may meet it."""
        question = reworded(one.question, one.text, self._thesaurus, self._chance)
        text, spans = _untitled(one, self._chance)
        return Example(worse(question, self._chance), text, spans)

    def _of_question(
        self,
        asked: Asked,
        passages: Sequence[tuple["Passage", "PassageText"]],
        made_up: float,
    ) -> Iterator[Example]:
        own = [(one, text) for one, text in passages if one.article_id == asked.article_id]
        if not asked.spans:
            yield from (Example(asked.question, text.text, ()) for _, text in own[:1])
            return
        right = next(((p, t) for p, t in own if _spans(asked.spans, p, t.text)), None)
        if right is None:
            return
        passage, text = right
        whole = Example(asked.question, text.text, _spans(asked.spans, passage, text.text))
        yield whole
        yield from self._unanswered(whole, asked.article_id, made_up)
        answers = {text.text[a:b].casefold() for a, b in whole.spans}
        others = [t for _, t in passages if not any(one in t.text.casefold() for one in answers)]
        if others and self._chance.random() < _BESIDE:
            place = min(len(others) - 1, int(self._chance.expovariate(0.8)))
            yield Example(asked.question, others[place].text, ())

    def _unanswered(self, whole: Example, article_id: str, made_up: float) -> Iterator[Example]:
        chance = self._chance
        if chance.random() < _CUT and (rest := cut_out(whole)):
            yield Example(whole.question, rest, ())
        changed = _asked_otherwise(whole, chance) or _changed(whole.question, whole.text, chance)
        if changed is not None and chance.random() < made_up * _CHANGED:
            yield Example(changed, whole.text, ())
        another = mistaken(whole.question, whole.text, self._thesaurus, chance)
        if another is not None and chance.random() < made_up * _MISTAKEN:
            yield Example(another, whole.text, ())
        if chance.random() < made_up * _MOVED and (moved := self._moved(whole.text, article_id)):
            yield Example(moved, whole.text, ())
        if _NAME.search(whole.question):
            self._asked.append((whole.question, article_id))

    def _moved(self, text: str, article_id: str) -> str | None:
        """Return a question on another article, its name another: one that the text has."""
        names = [m.group() for m in _NAME.finditer(text)]
        tried = self._chance.sample(range(len(self._asked)), min(_TRIED, len(self._asked)))
        others = [self._asked[i][0] for i in tried if self._asked[i][1] != article_id]
        if not names or not others:
            return None
        there = set(terms_of(text))
        closest = max(others, key=lambda question: _share(set(terms_of(question)), there))
        return _NAME.sub(self._chance.choice(names), closest, count=1)


def balanced(examples: Sequence[Example], chance: random.Random) -> list[Example]:
    """Return examples of which as many have an answer as not, however much they have in common.

    That is the largest share of the question's terms that a sentence has. Of those with like
    shares, some of the more frequent sort are left out.
    """
    sorts: dict[int, dict[bool, list[Example]]] = {}
    for one in examples:
        level = min(_LEVELS - 1, int(in_common(one.question, one.text) * _LEVELS))
        sorts.setdefault(level, {False: [], True: []})[bool(one.spans)].append(one)
    kept = list[Example]()
    for level in sorted(sorts):
        fewer = min(map(len, sorts[level].values()))
        for some in sorts[level].values():
            kept += chance.sample(some, fewer)
    return kept


def in_common(question: str, text: str) -> float:
    """Return the largest share of a question's terms, 0 to 1, that a sentence of a text has."""
    asked = set(terms_of(question))
    return max((_share(asked, there) for there in _terms_by_sentence(text)), default=0.0)


@lru_cache(maxsize=4096)
def _terms_by_sentence(text: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(terms_of(text[s.start : s.end])) for s in split_sentences(text, None))


def _share(asked: AbstractSet[str], there: AbstractSet[str]) -> float:
    return len(asked & there) / max(1, len(asked))


def write_examples(examples: Sequence[Example], path: Path) -> None:
    """Write examples as JSON lines."""
    lines = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in examples)
    path.write_text("".join(lines), encoding="utf-8")


def read_examples(path: Path) -> list[Example]:
    """Return what `write_examples` wrote."""
    records = map(json.loads, path.read_text(encoding="utf-8").split("\n")[:-1])
    return [Example(r["question"], r["text"], tuple(map(tuple, r["spans"]))) for r in records]


@dataclass(frozen=True, slots=True)
class _Cut:
    retriever: "Retriever"
    splitter: "Splitter"

    def passages(self, asked: Asked) -> list[tuple["Passage", "PassageText"]]:
        """Return the passages that are found, and those of the article asked about that aren't."""
        found = [hit.passage for hit in self.retriever.search(asked.question, _FOUND)]
        own = self.splitter.split(self.retriever.articles.article(asked.article_id))
        seen = {(one.article_id, one.start) for one in found}
        missed = [one for one in own if (one.article_id, one.start) not in seen]
        return [(one, self._text(one)) for one in [*found, *missed]]

    def _text(self, passage: "Passage") -> "PassageText":
        article = self.retriever.articles.article(passage.article_id)
        return passage_texts(self.splitter, article, [passage])[0]


def _spans(spans: Sequence[Span], passage: "Passage", text: str) -> tuple[tuple[int, int], ...]:
    """Return the spans of an article that a passage has, in the passage's text."""
    shift = len(text) - passage.end
    inside = (s for s in spans if passage.start <= s.start and s.end <= passage.end)
    return tuple(dict.fromkeys((s.start + shift, s.end + shift) for s in inside))


def _changed(question: str, text: str, chance: random.Random) -> str | None:
    """Return the question with a year, number or name that makes it another's; None without."""
    for pattern in (_YEAR, _NUMBER):
        if found := pattern.search(question):
            value = found.group()
            number = int(re.sub(r"\D", "", value)[:9])
            other = number + chance.choice([-20, -7, -3, -1, 1, 2, 5, 10, 30])
            return question.replace(value, str(abs(other)))
    if found := _NAME.search(question):
        names = sorted({m.group() for m in _NAME.finditer(text)} - {found.group()})
        names = [name for name in names if name not in question]
        if names and found.group() in text:
            return question.replace(found.group(), chance.choice(names))
    return None


def _asked_otherwise(whole: Example, chance: random.Random) -> str | None:
    """Return the question with "why" or "when" instead, where nothing of the text may answer it."""
    asking = _ASKING.search(whole.question)
    if asking is None:
        return None
    fit = [
        word
        for word, cue in _INSTEAD.items()
        if word not in asking.group().lower() and not cue.search(whole.text)
    ]
    before, after = whole.question[: asking.start()], whole.question[asking.end() :]
    return f"{before}{chance.choice(fit)}{after}" if fit else None


def cut_out(one: Example) -> str | None:
    """Return the text without the sentences that answer; None where that leaves too little.

    None too where the words of the answer stay.
    """
    start, end = shortest(one.spans)
    sentences = split_sentences(one.text, None)
    kept = [s for s in sentences if s.end <= start or end <= s.start]
    rest = " ".join(one.text[s.start : s.end] for s in kept)
    stays = one.text[start:end].casefold() in rest.casefold()
    if stays or len(kept) < _FEWEST_SENTENCES or len(rest.split()) < _FEWEST_WORDS:
        return None
    return rest


def shortest(spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the shortest of spans, the first of equals: the answer without what surrounds it."""
    return min(spans, key=lambda span: (span[1] - span[0], span))


def _untitled(one: Example, chance: random.Random) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return text and spans, the title's line sometimes left out."""
    title, line, rest = one.text.partition("\n")
    cut = len(title) + len(line)
    if not rest or chance.random() >= _UNTITLED or any(a < cut for a, _ in one.spans):
        return one.text, one.spans
    return rest, tuple((a - cut, b - cut) for a, b in one.spans)
