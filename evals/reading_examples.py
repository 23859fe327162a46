"""What the reader is trained on: questions beside passages as the product finds and cuts them.

Each question that its article answers comes with the passage that has the answer, and at times with
the best one found that does not; a question that nothing answers comes with the best passage of
the article that it was asked about. What is similar must not pass for what answers, so most
passages without the answer are the right ones but for it: the sentence that answers is cut out, or
the question names another year, number or name. Some questions lose words that the passage has, so
that few words in common are no bad sign. Others are only written worse.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.article import Span
from corpus.sentences import split_sentences
from evals.training_sets import Asked, TrainingSet
from index.lexical import terms_of
from index.passage_texts import passage_texts

if TYPE_CHECKING:
    from corpus.passages import Splitter
    from index.encoder import PassageText
    from index.retrieve import Hit, Retriever

_FOUND = 8
# Of the questions that are answered, how many come also with another passage, with the sentence cut
# out, changed; and how many lose words.
_BESIDE, _CUT, _CHANGED, _LOST = 0.25, 0.6, 0.6, 0.3
# What is left when a sentence is cut out must say something.
_FEWEST_SENTENCES, _FEWEST_WORDS = 2, 15
# Questions that can lose words: of so many, so many of them in the passage.
_LONG, _SHARED = 6, 3
_IN_PLACE = ("", "it", "that", "something", "they")
_UNTITLED, _UNMARKED, _MISTYPED, _TERSE = 0.25, 0.3, 0.08, 0.08
_SHORT = 3
_YEAR = re.compile(r"\b(1[0-9]|20)\d\d\b")
_NUMBER = re.compile(r"\b\d+(?:[.,]\d+)*\b")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*\b")
_SMALL_WORDS = re.compile(
    r"\b(?:the|a|an|did|does|do|is|was|were|are|of|in|on|to|that|which|has|have|had)\b ?", re.I
)


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


def reading_examples(
    training: TrainingSet, retriever: "Retriever", splitter: "Splitter", chance: random.Random
) -> Iterator[tuple[Example, ...]]:
    """Yield the examples that each question of a set makes; none where its answer is cut apart.

    Args:
        training: Articles and questions.
        retriever: Searches the articles.
        splitter: What they were split with.
        chance: Decides; the same seed gives the same examples.
    """
    cut = _Cut(retriever, splitter)
    for asked in training.asked:
        hits = [(hit, cut.text(hit)) for hit in retriever.search(asked.question, _FOUND)]
        yield tuple(
            Example(_worse(one.question, chance), *_untitled(one, chance))
            for one in _of_question(asked, hits, chance)
        )


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

    def text(self, hit: "Hit") -> "PassageText":
        article = self.retriever.articles.article(hit.passage.article_id)
        return passage_texts(self.splitter, article, [hit.passage])[0]


def _of_question(
    asked: Asked, hits: Sequence[tuple["Hit", "PassageText"]], chance: random.Random
) -> Iterator[Example]:
    own = [(hit, text) for hit, text in hits if hit.passage.article_id == asked.article_id]
    if not asked.spans:
        yield from (Example(asked.question, text.text, ()) for _, text in own[:1])
        return
    right = next(((h, t) for h, t in own if _spans(asked.spans, h, t.text)), None)
    if right is None:
        return
    hit, text = right
    whole = Example(asked.question, text.text, _spans(asked.spans, hit, text.text))
    yield with_less_in_common(whole, chance) if chance.random() < _LOST else whole
    if chance.random() < _CUT and (rest := cut_out(whole)):
        yield Example(asked.question, rest, ())
    answers = {text.text[a:b].casefold() for a, b in _spans(asked.spans, hit, text.text)}
    others = [t for _, t in hits if not any(one in t.text.casefold() for one in answers)]
    if others and chance.random() < _BESIDE:
        place = min(len(others) - 1, int(chance.expovariate(0.8)))
        yield Example(asked.question, others[place].text, ())
    changed = _changed(asked.question, text.text, chance)
    if changed is not None and chance.random() < _CHANGED:
        yield Example(changed, text.text, ())


def _spans(spans: Sequence[Span], hit: "Hit", text: str) -> tuple[tuple[int, int], ...]:
    """Return the spans of an article that a passage has, in the passage's text."""
    passage, shift = hit.passage, len(text) - hit.passage.end
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


def with_less_in_common(one: Example, chance: random.Random) -> Example:
    """Return an example whose question lacks a word or two that the text has, if it has many."""
    words, there = one.question.split(), set(terms_of(one.text))
    shared = [i for i, word in enumerate(words) if there.intersection(terms_of(word))]
    if len(words) < _LONG or len(shared) < _SHARED:
        return one
    for i in chance.sample(shared, 1 + (len(shared) > _SHARED)):
        words[i] = chance.choice(_IN_PLACE)
    return replace(one, question=" ".join(word for word in words if word))


def _worse(question: str, chance: random.Random) -> str:
    """Return a question as somebody in a chat may write it."""
    if chance.random() < _UNMARKED:
        question = question.rstrip(" ?")
    if chance.random() < _TERSE:
        question = _SMALL_WORDS.sub("", question) or question
    if chance.random() < _MISTYPED and len(question) > _SHORT:
        place = chance.randrange(1, len(question) - 1)
        swapped = question[place + 1] + question[place]
        question = (
            question[:place] + chance.choice(["", swapped[0], swapped]) + question[place + 2 :]
        )
    return question


def _untitled(one: Example, chance: random.Random) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return text and spans, the title's line sometimes left out."""
    title, line, rest = one.text.partition("\n")
    cut = len(title) + len(line)
    if not rest or chance.random() >= _UNTITLED or any(a < cut for a, _ in one.spans):
        return one.text, one.spans
    return rest, tuple((a - cut, b - cut) for a, b in one.spans)
