"""Questions on one's own articles: where they are written, and what they may be written about."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log
from pathlib import Path
from random import Random

from bot.answerer import MAX_QUESTION_CHARS
from corpus.article import Article, Passage, spans_within
from corpus.passages import Splitter
from corpus.sentences import split_sentences
from evals.cases import UNANSWERABLE, Gold, read_cases
from evals.errors import InputUnusable, at
from evals.metrics import normalised
from evals.suites import read_collection
from index.lexical import terms_of

# A follow-up needs a conversation, which is better written by hand.
KINDS = ("fact", "time", "multi", "corroboration", "conflict", UNANSWERABLE)
_TWO_ARTICLES = {"multi", "corroboration", "conflict"}
_PASSAGE_WORDS, _WINDOW_WORDS = 100, 512


class Refused(Exception):
    """Raised when what was typed can't be meant; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A question in the making."""

    text: str = ""
    kind: str = ""
    gold: tuple[Gold, ...] = ()
    answer: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that may be gold."""

    document_id: str
    start: int
    end: int
    text: str


@dataclass(slots=True)
class Drafts:
    """A file of questions that grows, and the articles that they are about.

    Attributes:
        file: Where the questions go.
        articles: By id.
        passages: What to ask about, in order.
        questions: What was asked before, folded; to refuse duplicates.
        ids: The ids in use.
    """

    file: Path
    articles: dict[str, Article]
    passages: tuple[Passage, ...]
    questions: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)

    def sentences(self, passages: Sequence[Passage]) -> list[Sentence]:
        """Return the sentences of passages, in order."""
        found = []
        for passage in passages:
            article = self.articles[passage.article_id]
            spans = split_sentences(article.text, article.language)
            for span in spans_within(spans, passage.start, passage.end):
                words = article.text[span.start : span.end]
                found.append(Sentence(article.id, span.start, span.end, words))
        return found

    def search(self, words: str) -> tuple[Passage, ...]:
        """Return the passages that say one of `words`, best first: rare words count more."""
        every = {
            passage: set(
                terms_of(f"{self.articles[passage.article_id].title}\n{self.text(passage)}")
            )
            for passage in self.passages
        }
        having = Counter(term for terms in every.values() for term in terms)
        wanted = set(terms_of(words))
        scores = {
            passage: sum(log(1 + len(every) / having[term]) for term in sorted(terms & wanted))
            for passage, terms in every.items()
        }
        return tuple(sorted((p for p in every if scores[p]), key=lambda p: -scores[p]))

    def text(self, passage: Passage) -> str:
        """Return the text of a passage."""
        return self.articles[passage.article_id].text[passage.start : passage.end]

    def add(self, draft: Draft) -> str:
        """Append a question to the file, safe on the disk when this returns, and return its id.

        Raises:
            InputUnusable: The file can't be written.
        """
        number = len(self.ids) + 1
        while (name := f"q{number}") in self.ids:
            number += 1
        line = json.dumps(self._line(name, draft), ensure_ascii=False)
        try:
            self._append(line.encode())
        except OSError as error:
            raise InputUnusable((at(self.file, None, error.strerror or str(error)),)) from error
        self.ids.add(name)
        self.questions.add(folded(draft.text))
        return name

    def _append(self, line: bytes) -> None:
        with self.file.open("a+b") as file:
            # A last line that an editor left without its end must not swallow this one.
            file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
            ended = file.read() in {b"", b"\n"}
            file.write((b"" if ended else b"\n") + line + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _line(self, name: str, draft: Draft) -> dict[str, object]:
        evidence = [
            {
                "document_id": gold.document_id,
                "start": gold.start,
                "end": gold.end,
                "revision": self.articles[gold.document_id].revision,
                "group": gold.group,
            }
            for gold in draft.gold
        ]
        return {
            "id": name,
            "kind": draft.kind,
            "question": draft.text,
            "tags": [],
            "evidence": evidence,
            "answer": draft.answer or None,
            "aliases": [],
            "why": draft.why or None,
        }


def open_drafts(folder: Path, file: Path, words: str | None, seed: int) -> Drafts:
    """Return what is needed to go on with a file of questions, or to begin it.

    Passages come in random order, those without a question first; with `words`, those that say
    them come first, best first.

    Raises:
        InputUnusable: The file holds something else, or there is nothing to ask about.
        SourceNotFound: There is no such folder.
    """
    found, _ = read_collection([folder])
    articles = {item.article.id: item.article for item in found}
    drafts = Drafts(file, articles, ())
    asked = set[Gold]()
    if file.exists() and (not file.is_file() or file.stat().st_size):
        cases = read_cases(file, articles)
        for case in (*cases.current, *cases.stale):
            drafts.questions.add(folded(case.text))
            drafts.ids.add(case.id)
            asked.update(case.gold)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputUnusable((at(file, None, error.strerror or str(error)),)) from error
    drafts.passages = _shuffled(articles, asked, seed)
    if not drafts.passages:
        raise InputUnusable((at(folder, None, "no article in it"),))
    if words is not None:
        first = drafts.search(words)
        if not first:
            raise InputUnusable((f"--search {words}: no article says this",))
        shown = set(first)
        rest = tuple(passage for passage in drafts.passages if passage not in shown)
        drafts.passages = (*first, *rest)
    return drafts


def _shuffled(articles: dict[str, Article], asked: set[Gold], seed: int) -> tuple[Passage, ...]:
    splitter = Splitter(  # by words: to look at a passage needs no encoder
        lambda texts: [len(text.split()) for text in texts],
        max_tokens=_WINDOW_WORDS,
        passage_tokens=_PASSAGE_WORDS,
    )
    passages = [passage for article in articles.values() for passage in splitter.split(article)]
    Random(seed).shuffle(passages)  # noqa: S311  (no secret)
    return tuple(sorted(passages, key=lambda passage: _has_question(passage, asked)))


def _has_question(passage: Passage, asked: set[Gold]) -> bool:
    return any(
        gold.document_id == passage.article_id
        and gold.start < passage.end
        and passage.start < gold.end
        for gold in asked
    )


def folded(question: str) -> str:
    """Return a question as it is compared with others."""
    return " ".join(normalised(question).split()) or question.strip()


def question_of(typed: str, asked: set[str]) -> str:
    """Return the question that was typed.

    Raises:
        Refused: There is none, it is too long, or it was asked before.
    """
    if not typed:
        raise Refused("A question, please.")
    if len(typed) > MAX_QUESTION_CHARS:
        raise Refused(f"It has {len(typed)} characters; {MAX_QUESTION_CHARS} can be asked.")
    if folded(typed) in asked:
        raise Refused("This was asked before.")
    return typed


def kind_of(typed: str) -> str:
    """Return the kind that was typed, `fact` where nothing was; its beginning is enough.

    Raises:
        Refused: There is no such kind, or there are two.
    """
    fitting = [kind for kind in KINDS if kind.startswith(typed.lower())] if typed else ["fact"]
    if len(fitting) != 1:
        raise Refused(f"One of {', '.join(KINDS)}.")
    return fitting[0]


def gold_of(typed: str, sentences: Sequence[Sentence], kind: str) -> tuple[Gold, ...]:
    """Return the gold that was typed as numbers of sentences, from 1.

    `2` is a sentence and `2-3` a stretch of them; of `2 | 5` either answers; of `2, 5` both are
    needed.

    Raises:
        Refused: It is something else, or the kind needs two articles and this is from one.
    """
    gold = tuple(
        _stretch(one, sentences, group)
        for group, some in enumerate(typed.split(","))
        for one in some.split("|")
    )
    if kind in _TWO_ARTICLES and len({one.document_id for one in gold}) == 1:
        raise Refused(f"A question of kind {kind} needs two articles; /more WORDS shows another.")
    return gold


def _stretch(typed: str, sentences: Sequence[Sentence], group: int) -> Gold:
    first, dash, last = (part.strip() for part in typed.partition("-"))
    numbers = [first, last] if dash else [first, first]
    if not all(number.isascii() and number.isdigit() for number in numbers):
        raise Refused("Numbers of sentences, please: 2, or 2-3, or 2 | 5 (either), or 2, 5 (both).")
    low, high = map(int, numbers)
    if not 1 <= low <= high <= len(sentences):
        raise Refused(f"The sentences are 1 to {len(sentences)}.")
    begin, end = sentences[low - 1], sentences[high - 1]
    if begin.document_id != end.document_id:
        raise Refused("A stretch is of one article; write 2, 5 where two are needed.")
    return Gold(begin.document_id, begin.start, end.end, group)


def answer_of(typed: str, gold: Sequence[Gold], articles: dict[str, Article]) -> str:
    """Return the short answer that was typed, or nothing where nothing was.

    Raises:
        Refused: The gold does not say it, word for word after `normalised`.
    """
    texts = [articles[one.document_id].text[one.start : one.end] for one in gold]
    said = f" {normalised(typed)} "
    if typed and (not said.strip() or not any(said in f" {normalised(text)} " for text in texts)):
        raise Refused("The sentences do not say this word for word; leave it empty if none fits.")
    return typed
