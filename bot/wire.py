"""Puts the parts together; the one place that knows the index to be a local folder.

What only a build or one door needs is imported then: a question must not wait for HTML parsers.
"""

import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import corpus
from bot.answer import Notice
from bot.answerer import Answerer
from bot.confidence import WEIGHTS_FILE, read_weights
from bot.database import FILE, Database
from bot.live import Kept, Opened
from bot.memory import Memory
from bot.settings import Settings
from index.export import canonical_model, ensure_encoder, is_exported
from index.live import LiveIndex
from index.lock import build_lock
from index.reader import Reader
from index.retrieve import Retriever
from index.snapshot import SplitterSpec, open_current
from index.store import ArticleStore

if TYPE_CHECKING:
    from bot.engine import Engine
    from corpus.read import Found, Problem
    from index.build import Builder, Progress, Report

BUNDLED_ARTICLES = Path(corpus.__file__).parent / "articles"
_FALLBACK = Notice(
    "older_snapshot",
    "The newest snapshot is damaged; the one before it answered. Run `citewire doctor`.",
)


def utc_now() -> datetime:
    """Return the time now, in UTC."""
    return datetime.now(UTC)


def new_answer_id() -> str:
    """Return `ans_` and 24 random hex digits."""
    return f"ans_{secrets.token_hex(12)}"


@dataclass(frozen=True, slots=True)
class Live:
    """The live index as an `Answerer` wants it."""

    index: LiveIndex

    def __call__(self) -> tuple[Retriever, tuple[Notice, ...]]:
        """Return what searches now, and a notice when it stands in for a damaged snapshot."""
        current = self.index.current()
        return current.retriever, (_FALLBACK,) if current.fallback else ()


def cores() -> int:
    """Return how many cores this process may use, which in a container is fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def live_index(settings: Settings, *, threads_per_run: int = 2) -> LiveIndex:
    """Return the index of the data folder; it must fit the settings when it is opened."""
    return LiveIndex(
        settings.data,
        settings.models_folder,
        model=canonical_model(settings.model),
        splitter=_splitter(settings),
        late_interaction=settings.late_interaction,
        threads_per_run=threads_per_run,
    )


def answerer(settings: Settings, *, threads: int = 2) -> Answerer:
    """Return what answers questions over the data folder, each on so many cores.

    Raises:
        ReaderDamaged: The reader's files are not those that were made.
        ConfidenceUnusable: A file of weights is set and holds none.
    """
    return Answerer(
        Live(live_index(settings, threads_per_run=threads)),
        utc_now,
        new_answer_id,
        read_weights(settings.confidence or WEIGHTS_FILE),
        Reader(threads=threads) if settings.reader == "on" else None,
        threshold=settings.threshold,
        spells=settings.speller == "on",
    )


def service(settings: Settings) -> tuple[Answerer, Kept]:
    """Return what a long-running door answers with, and the snapshot that it keeps open."""
    # Questions side by side: two cores each got in one another's way (1.7 times as many a second).
    index = live_index(settings, threads_per_run=1)

    def opened() -> Opened:
        current = index.current()
        notices = (_FALLBACK,) if current.fallback else ()
        return Opened(current.retriever, notices, current.snapshot.articles)

    kept = Kept(opened)

    def live() -> tuple[Retriever, tuple[Notice, ...]]:
        held = kept.current()
        return held.retriever, held.notices

    return replace(answerer(settings, threads=1), live=live), kept


def memory(settings: Settings) -> Memory:
    """Return what the bot remembers in the data folder; it is made at first use."""
    return Memory(Database(settings.data / FILE), utc_now, settings.answers_days)


def engine(
    settings: Settings, memory: Memory, answers_in: Callable[[str], Sequence[str]]
) -> "Engine":
    """Return where a door that holds conversations gets its answers: here, or from an endpoint.

    Args:
        settings: Which of the two.
        memory: Keeps the answers.
        answers_in: Returns the ids of the answers given in a conversation, oldest first.
    """
    from bot.endpoint import Endpoint, HttpEngine
    from bot.engine import LocalEngine

    if settings.discord_endpoint is not None:
        key = settings.discord_key.get_secret_value() if settings.discord_key else None
        return HttpEngine(Endpoint(settings.discord_endpoint, key), memory, answers_in)
    return LocalEngine(*service(settings), memory, answers_in)


def articles(settings: Settings) -> ArticleStore:
    """Return the articles of the data folder; no encoder is needed to read them."""
    return open_current(settings.data).articles


def update_index(settings: Settings, sources: Sequence[Path], progress: "Progress") -> "Report":
    """Bring the index up to date with `sources`; see `Builder.update`.

    Raises:
        SourceNotFound: A source does not exist; nothing was done.
        IndexingError: The build could not be done; the index is what it was.
    """
    from corpus.read import list_files, read_files

    files, problems = list_files(sources)
    with build_lock(settings.data):
        builder = _builder(settings, progress)
        progress.stage("Reading articles", sum(file.size for file in files))
        read = read_files(files, on_read=progress.advance)
        names = tuple(str(source.resolve()) for source in sources)
        return builder.update((item for some in (problems, read) for item in some), names)


def index_found(
    settings: Settings,
    found: "Iterable[Found | Problem]",
    sources: tuple[str, ...],
    progress: "Progress",
) -> "Report":
    """Make the index mirror articles that were read already; see `Builder.update`.

    Raises:
        IndexingError: The build could not be done; the index is what it was.
    """
    with build_lock(settings.data):
        return _builder(settings, progress).update(found, sources)


def delete_articles(settings: Settings, ids: Sequence[str], progress: "Progress") -> "Report":
    """Take articles out of the index for good; see `Builder.delete`.

    Raises:
        IndexingError: It could not be done; the index is what it was.
    """
    open_current(settings.data)  # no index: say so before an encoder is made for it
    with build_lock(settings.data):
        return _builder(settings, progress).delete(frozenset(ids))


def _builder(settings: Settings, progress: "Progress") -> "Builder":
    from index.build import Builder
    from index.encoder import OnnxEncoder

    options = {"quantization": settings.quantization}
    if not is_exported(settings.model, settings.models_folder, **options):
        progress.stage("Preparing the encoder (once per model, about ten seconds)", 0)
    folder = ensure_encoder(settings.model, settings.models_folder, **options)
    return Builder(
        settings.data,
        OnnxEncoder(folder),
        _splitter(settings),
        progress=progress,
        now=utc_now(),
        late_interaction=settings.late_interaction,
    )


def _splitter(settings: Settings) -> SplitterSpec:
    return SplitterSpec(passage_tokens=settings.passage_tokens)
