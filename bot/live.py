"""The snapshot that a long-running door answers from: kept open, replaced when a build is done."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.answer import Notice
from corpus.article import Article
from index.retrieve import Retriever

_PATIENCE_S = 1.0

logger = logging.getLogger(__name__)


class Catalogue(Protocol):
    """The articles of one snapshot."""

    def article(self, article_id: str) -> Article:
        """Return one article; raise `ArticleNotFound` where there is none."""

    def page(self, after: str, limit: int) -> Sequence[Article]:
        """Return at most `limit` articles whose id comes after `after`, in the order of ids."""


@dataclass(frozen=True, slots=True)
class Opened:
    """One snapshot: what searches it, what a reader should know of it, and its articles."""

    retriever: Retriever
    notices: tuple[Notice, ...]
    catalogue: Catalogue


class Kept:
    """Holds what is open; safe to share between threads.

    `LiveIndex` makes every question wait while a new snapshot is read and checked, seconds for a
    large one. Here questions go on with the old one until `refresh` has the new one in hand.
    """

    def __init__(self, open_current: Callable[[], Opened]) -> None:
        """Prepare; `open_current` returns the live snapshot and is cheap while it is the same."""
        self._open = open_current
        self._lock = threading.Lock()
        self._held: Opened | None = None

    def current(self) -> Opened:
        """Return what is held; open it where nothing was yet.

        Raises:
            IndexingError: Nothing was opened so far and nothing can be now.
        """
        return self._held or self.refresh()

    def refresh(self) -> Opened:
        """Take the snapshot that is live now, and return it.

        Raises:
            IndexingError: It can't be opened; what was held before goes on answering.
        """
        with self._lock:
            self._held = self._open()
            return self._held


class Watch:
    """A thread that refreshes a `Kept` every so often, until it is stopped."""

    def __init__(self, kept: Kept, interval_s: float) -> None:
        """Prepare; `start` begins."""
        self._kept, self._interval_s = kept, interval_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="citewire-watch", daemon=True)

    def start(self) -> None:
        """Begin, with a refresh at once."""
        self._thread.start()

    def stop(self) -> None:
        """End; a refresh in progress is waited for a second. Stopping twice does nothing more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        said = ""
        while True:
            try:
                self._kept.refresh()
                said = ""
            except Exception as error:  # noqa: BLE001  (nobody would notice that it ended)
                if str(error) != said:  # once, not every second
                    logger.warning("%s", error)
                said = str(error)
            if self._stopped.wait(self._interval_s):
                return
