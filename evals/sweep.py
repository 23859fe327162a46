"""A suite asked with each of a grid of settings, every text embedded once."""

import json
import platform
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import product
from pathlib import Path

import numpy as np

from bot.answerer import PASSAGES
from bot.settings import Settings
from bot.wire import answerer as answerer_of
from bot.wire import utc_now
from corpus.article import Span
from evals.abstention import Floats
from evals.bootstrap import difference, mcnemar, mean_of
from evals.errors import InputUnusable
from evals.figures import ALL, BY_NAME, column, figures_of
from evals.outcomes import outcomes_of
from evals.runner import ask_all, folder_of, setup_of
from evals.runs import Figure, Outcome, Setup, plain
from evals.suites import Suite
from index.build import Builder, Progress
from index.cache import EmbeddingCache, is_damage, remove_cache
from index.encoder import Batch, EncodedQuestion, Encoder, PassageText
from index.live import OpenIndex, retriever_of
from index.lock import build_lock
from index.snapshot import SplitterSpec, open_current

FORMAT = 1
# Not by passages: longer ones are found more easily and say less about where the answer is.
RANKED_BY = ("evidence_first", "document_ndcg@10")
_VECTORS_FILE = "embeddings.sqlite"
_LEAST_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Grid:
    """The settings to try, each with each of the others."""

    passage_tokens: tuple[int, ...]
    overlap_sentences: tuple[int, ...]
    words_weights: tuple[float, ...]
    answer_passages: tuple[int, ...] = (PASSAGES,)

    @property
    def splitters(self) -> list[SplitterSpec]:
        """Return the splitters, each of which needs an index of its own."""
        pairs = product(self.passage_tokens, self.overlap_sentences)
        return [SplitterSpec(passage_tokens=p, overlap_sentences=o) for p, o in pairs]

    @property
    def askings(self) -> list[tuple[float, int]]:
        """Return the pairs of words' weight and passages, which share an index."""
        return list(product(self.words_weights, self.answer_passages))

    def __len__(self) -> int:
        return len(self.splitters) * len(self.askings)


@dataclass(frozen=True, slots=True)
class Point:
    """One setting and its figures over all questions.

    `p` is two-sided, of the difference from the best setting by the measure that ranks, as in
    `citewire eval compare`; None for the best itself.
    """

    setup: Setup
    figures: tuple[Figure, ...]
    p: float | None = None

    def figure(self, measure: str) -> Figure | None:
        """Return the figure of a measure; None where it does not apply to the suite."""
        return next((one for one in self.figures if one.measure == measure), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """All settings of a grid, best first; `embedded` passages were computed for it."""

    format: int
    suite: str
    ranked_by: str
    grid: Grid
    began_at: str
    platform: str
    embedded: int
    points: tuple[Point, ...]

    def record(self) -> dict[str, object]:
        """Return it as what `json.dumps` takes."""
        return {name: plain(value) for name, value in asdict(self).items()}


def write_sweep(found: Sweep, path: Path) -> None:
    """Write a sweep as JSON; the folder is made if it isn't there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps(found.record(), ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(content + "\n", encoding="utf-8")


def sweep(
    suite: Suite, settings: Settings, grid: Grid, encoder: Encoder, progress: Progress
) -> Sweep:
    """Return the figures of a suite with every setting of a grid.

    Each splitter gets an index in `<data>/evals/<suite>/sweep`. Vectors are kept there by their
    text, over all indexes and sweeps; remove the folder to have the room back.

    Args:
        suite: Articles and questions.
        settings: The data folder, and whatever the grid does not say.
        grid: What to try.
        encoder: Embeds articles and questions.
        progress: Told how far it is.

    Raises:
        InputUnusable: A passage would not fit the encoder's window, or no question has an answer.
        IndexingError: An index could not be built.
    """
    _check(grid, encoder.spec.max_tokens)
    if not any(case.answerable for case in suite.cases):
        raise InputUnusable((f"{suite.name}: nothing to rank by, as no question can be answered",))
    began = datetime.now(UTC)
    folder = folder_of(suite, settings) / "sweep"
    folder.mkdir(parents=True, exist_ok=True)
    once = EachTextOnce(encoder, folder / _VECTORS_FILE)
    tried = list(_tried(suite, settings, grid, once, _Numbered(progress, len(grid))))
    named = {one.measure for point, _ in tried for one in point.figures}
    by = next(name for name in RANKED_BY if name in named)
    return Sweep(
        format=FORMAT,
        suite=suite.name,
        ranked_by=by,
        grid=grid,
        began_at=began.isoformat(timespec="seconds"),
        platform=platform.platform(),
        embedded=once.encoded,
        points=tuple(_ranked(tried, by)),
    )


def _check(grid: Grid, window: int) -> None:
    title = SplitterSpec().title_tokens
    most = window - title - 3  # a line end and the special tokens
    wrong = [size for size in grid.passage_tokens if not _LEAST_TOKENS <= size <= most]
    if wrong:
        reason = f"--passage-tokens {wrong[0]}: from {_LEAST_TOKENS} to {most} fit this encoder"
        raise InputUnusable((reason,))


def _tried(
    suite: Suite, settings: Settings, grid: Grid, encoder: "EachTextOnce", progress: "_Numbered"
) -> Iterator[tuple[Point, Sequence[Outcome]]]:
    """Yield every setting with its outcomes, in the grid's order."""
    answerer = answerer_of(settings)
    for splitter in grid.splitters:
        own = settings.model_copy(update={"passage_tokens": splitter.passage_tokens})
        folder = folder_of(suite, settings) / "sweep" / _name(splitter)
        progress.next_is(1)
        opened = _open(suite, folder, splitter, encoder, progress)
        for place, (weight, passages) in enumerate(grid.askings):
            progress.next_is(1 if place else 0)
            retriever = replace(opened.retriever, words_weight=weight)
            own_answerer = replace(answerer, passages=passages)
            replies = ask_all(suite, retriever, own_answerer, progress)
            outcomes = outcomes_of(replies, suite.articles, retriever.articles)
            at = OpenIndex(opened.live_id, opened.snapshot, retriever)
            figures = tuple(one for one in figures_of(outcomes) if one.slice == ALL)
            setup = setup_of(suite, own, at, own_answerer, None)
            yield Point(setup, figures), outcomes


def _open(
    suite: Suite, folder: Path, splitter: SplitterSpec, encoder: Encoder, progress: Progress
) -> OpenIndex:
    """Return the index of a suite with one splitter, built if it isn't there."""
    with build_lock(folder):
        builder = Builder(folder, encoder, splitter, progress=progress, now=utc_now())
        builder.update(suite.found, (suite.name,))
    found = open_current(folder)
    return OpenIndex(found.manifest.snapshot_id, found, retriever_of(found, encoder))


def _name(splitter: SplitterSpec) -> str:
    return f"tokens-{splitter.passage_tokens}-overlap-{splitter.overlap_sentences}"


def _ranked(tried: Sequence[tuple[Point, Sequence[Outcome]]], by: str) -> Iterator[Point]:
    """Yield the settings, best first, ties in the grid's order, with p against the first."""
    columns = [column(outcomes, by) for _, outcomes in tried]
    order = sorted(range(len(tried)), key=lambda place: -float(np.nanmean(columns[place])))
    best = columns[order[0]]
    yield tried[order[0]][0]
    for place in order[1:]:
        yield replace(tried[place][0], p=_p(best, columns[place], binary=BY_NAME[by].binary))


def _p(best: Floats, other: Floats, *, binary: bool) -> float:
    if binary:
        return mcnemar(best, other)[0]
    both = ~(np.isnan(best) | np.isnan(other))
    return difference(mean_of(best[both]), mean_of(other[both]), int(both.sum())).p


class EachTextOnce:
    """An `Encoder` that encodes no text twice, whichever index it is for.

    Vectors of passages are kept in a file, those of questions as long as this lives. `encoded`
    counts the passages that had to be encoded.
    """

    def __init__(self, encoder: Encoder, path: Path) -> None:
        self._encoder, self._path = encoder, path
        self._questions: dict[str, EncodedQuestion] = {}
        self.encoded = 0
        self.spec, self.special_tokens = encoder.spec, encoder.special_tokens
        self.codec = encoder.codec

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return what the encoder says."""
        return self._encoder.count_tokens(texts)

    def token_places(self, text: str) -> tuple[Span, ...]:
        """Return what the encoder says."""
        return self._encoder.token_places(text)

    def encode_batches(self, passages: Sequence[PassageText]) -> Iterator[Batch]:
        """Yield what is known in one batch, then what the encoder makes of the rest.

        Raises:
            sqlite3.DatabaseError: The file was damaged and is gone; a builder tries once more.
        """
        try:
            yield from self._batches(passages)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                remove_cache(self._path)
            raise

    def _batches(self, passages: Sequence[PassageText]) -> Iterator[Batch]:
        hashes = [sha256(repr(passage).encode()).digest() for passage in passages]
        with EmbeddingCache(self._path, self.spec.fingerprint) as cache:
            known = cache.known(hashes)
            kept = tuple(place for place, name in enumerate(hashes) if name in known)
            if kept:
                found = cache.get(
                    [hashes[place] for place in kept], self.spec.dimension, self.codec.width
                )
                yield Batch(kept, found[0], tuple(found[1]))
            missing = [place for place, name in enumerate(hashes) if name not in known]
            for batch in self._encoder.encode_batches([passages[place] for place in missing]):
                done = tuple(missing[position] for position in batch.positions)
                cache.put([hashes[place] for place in done], batch.vectors, batch.tokens)
                self.encoded += len(done)
                yield replace(batch, positions=done)

    def encode_question(self, question: str) -> EncodedQuestion:
        """Return its vectors, the same ones each time."""
        if question not in self._questions:
            self._questions[question] = self._encoder.encode_question(question)
        return self._questions[question]

    def fits(self, question: str) -> bool:
        """Return what the encoder says."""
        return self._encoder.fits(question)

    def is_word(self, word: str) -> bool:
        """Return what the encoder says."""
        return self._encoder.is_word(word)


class _Numbered:
    """A `Progress` that says which setting of how many it is at."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._number = progress, total, 0

    def next_is(self, steps: int) -> None:
        self._number += steps

    def stage(self, name: str, total: int) -> None:
        self._progress.stage(f"{self._number}/{self._total} {name}", total)

    def advance(self, steps: int) -> None:
        self._progress.advance(steps)
