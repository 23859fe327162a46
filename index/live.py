"""The live snapshot, reopened when a build has replaced it: readers never restart."""

import threading
from dataclasses import dataclass
from pathlib import Path

from index.encoder import Encoder, OnnxEncoder
from index.errors import SnapshotIncompatible
from index.passage_texts import splitter_of
from index.retrieve import FEW_RERANKED, RERANKED, IndexInfo, Retriever, TokenReader
from index.snapshot import Manifest, Snapshot, SplitterSpec, current_id, open_current
from index.tokens import EncodedTokens, LateInteraction, StoredTokens
from index.words import Spelling


@dataclass(frozen=True, slots=True)
class OpenIndex:
    """One snapshot, ready to search; stays usable when another becomes live.

    `live_id` is what CURRENT said. It differs from the snapshot's own id when the live snapshot
    is damaged and the one before it answers; `fallback` tells.
    """

    live_id: str
    snapshot: Snapshot
    retriever: Retriever

    @property
    def fallback(self) -> bool:
        """Tell whether an older snapshot stands in for a damaged one."""
        return self.live_id != self.snapshot.manifest.snapshot_id


class LiveIndex:
    """Opens the live snapshot of a data folder, once for each that becomes live."""

    def __init__(
        self,
        data: Path,
        models: Path,
        *,
        model: str | None = None,
        splitter: SplitterSpec | None = None,
        late_interaction: LateInteraction = "auto",
        threads_per_run: int = 2,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            data: The data folder.
            models: Where exported encoders are.
            model: The model that the index must have been built with; any when None.
            splitter: The splitter that it must have been built with; any when None.
            late_interaction: `auto` takes the tokens that are stored, and encodes them for each
                question where none are.
            threads_per_run: How many cores one question takes; see `OnnxEncoder`.
        """
        self._data, self._models, self._model, self._splitter = data, models, model, splitter
        self._late_interaction = late_interaction
        self._threads_per_run = threads_per_run
        self._lock = threading.Lock()
        self._open: OpenIndex | None = None
        self._encoder: OnnxEncoder | None = None

    def current(self) -> OpenIndex:
        """Return the live snapshot; the same object until a build makes another live.

        Raises:
            SnapshotError: There is none that can be opened, or it is of another format, splitter
                or encoder.
            EncoderMissing: Its encoder is not in the models folder.
        """
        live = current_id(self._data)
        with self._lock:
            if self._open is None or self._open.live_id != live:
                self._open = self._load(live)
            return self._open

    def _load(self, live: str) -> OpenIndex:
        snapshot = open_current(self._data)
        manifest = snapshot.manifest
        self._check(manifest)
        if self._encoder is None or self._encoder.spec != manifest.encoder:
            folder = self._models / manifest.encoder.fingerprint
            self._encoder = OnnxEncoder(folder, threads_per_run=self._threads_per_run)
        return OpenIndex(
            live, snapshot, retriever_of(snapshot, self._encoder, self._late_interaction)
        )

    def _check(self, manifest: Manifest) -> None:
        pairs = [
            ("splitter", manifest.splitter, self._splitter),
            ("encoder", manifest.encoder.model, self._model),
        ]
        for what, found, wanted in pairs:
            if wanted is not None and found != wanted:
                raise SnapshotIncompatible(manifest.snapshot_id, what, str(found), str(wanted))


def retriever_of(
    snapshot: Snapshot, encoder: Encoder, late_interaction: LateInteraction = "auto"
) -> Retriever:
    """Return what searches a snapshot.

    Raises:
        SnapshotIncompatible: Stored tokens are asked for, and it was built without them.
    """
    manifest = snapshot.manifest
    info = IndexInfo(
        manifest.snapshot_id,
        manifest.built_at,
        manifest.articles,
        manifest.passages,
        f"{manifest.encoder.model} {manifest.encoder.quantization}",
    )
    tokens = _tokens_of(snapshot, encoder, late_interaction)
    depth = FEW_RERANKED if isinstance(tokens, EncodedTokens) else RERANKED
    parts = (snapshot.vectors, snapshot.words, snapshot.articles, tokens)
    known = snapshot.spellings
    spelling = Spelling(known, encoder.is_word) if known else None
    return Retriever(info, encoder, *parts, reranked=depth, spelling=spelling)


def _tokens_of(
    snapshot: Snapshot, encoder: Encoder, late_interaction: LateInteraction
) -> TokenReader | None:
    if late_interaction == "off":
        return None
    if snapshot.tokens and late_interaction != "query-time":
        return StoredTokens(snapshot.tokens, snapshot.articles, encoder.codec)
    if late_interaction == "stored":
        found, wanted = "without token vectors", "stored ones"
        name = snapshot.manifest.snapshot_id
        raise SnapshotIncompatible(name, "late interaction", found, wanted)
    splitter = splitter_of(encoder, snapshot.manifest.splitter)
    return EncodedTokens(encoder, splitter, snapshot.articles)
