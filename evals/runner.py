"""Runs a suite: builds its index, asks every question, scores what comes back."""

import platform
import subprocess
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bot import wire
from bot.answerer import Answerer, Question
from bot.errors import CitationBroken
from bot.settings import Settings
from corpus.article import Span
from evals.bootstrap import RESAMPLES, SEED
from evals.breaks import Break, broken, threshold_of
from evals.cases import Case
from evals.costs import Stopwatch, cost_figures, memory_now
from evals.figures import figures_of
from evals.hidden import filters_without, without
from evals.metrics import DEPTH
from evals.outcomes import KEPT_DOCUMENTS, Reply, outcomes_of
from evals.runs import FORMAT, Circumstances, Run, Setup
from evals.suites import Suite
from index.build import Progress
from index.encoder import EncodedQuestion
from index.live import OpenIndex
from index.retrieve import QuestionEncoder, Retriever
from index.store import Filters

# Ages are counted to here, so that a run says the same tomorrow.
NOW = datetime(2026, 11, 21, tzinfo=UTC)
_FOLDER = "evals"
_PACKAGES = (
    "citewire", "faiss-cpu", "ir-measures", "numpy", "onnxruntime", "pytrec-eval-terrier", "scipy",
    "sentencex", "tantivy", "tokenizers",
)  # fmt: skip
# The settings that may change an outcome; places and those of the server can't.
_DECISIVE = {
    "model",
    "quantization",
    "passage_tokens",
    "late_interaction",
    "reader",
    "speller",
    "threshold",
    "confidence",
}


def evaluate(
    suite: Suite, settings: Settings, progress: Progress, *, which: Break | None = None
) -> Run:
    """Return the run of a suite, its index brought up to date in `<data>/evals/<suite>` first.

    Args:
        suite: Articles and questions.
        settings: As for any other command; those of the data folder and the models apply.
        progress: Told how far it is.
        which: What to break on purpose.

    Raises:
        IndexingError: The index could not be built.
    """
    began = datetime.now(UTC)
    opened = prepare(suite, settings, progress)
    retriever = broken(opened.retriever, which)
    answerer = wire.answerer(settings)
    answerer = replace(answerer, threshold=threshold_of(answerer.threshold, which))
    replies = ask_all(suite, retriever, answerer, progress)
    memory = memory_now()
    progress.stage("Scoring", 0)
    # By the unbroken index: where the gold is does not depend on what is broken.
    outcomes = outcomes_of(replies, suite.articles, opened.retriever.articles)
    return Run(
        format=FORMAT,
        setup=setup_of(suite, settings, opened, answerer, which),
        figures=figures_of(outcomes),
        outcomes=outcomes,
        circumstances=Circumstances(
            began_at=began.isoformat(timespec="seconds"),
            snapshot_id=opened.snapshot.manifest.snapshot_id,
            platform=platform.platform(),
            figures=cost_figures([reply.times for reply in replies], answers=suite.answers),
            ms={reply.case.id: reply.times.total for reply in replies},
            memory=memory,
        ),
    )


def folder_of(suite: Suite, settings: Settings) -> Path:
    """Return the data folder of a suite's own index."""
    return settings.data / _FOLDER / suite.slug


def prepare(suite: Suite, settings: Settings, progress: Progress) -> OpenIndex:
    """Return the index of a suite, built with what the settings say; only what changed is embedded.

    Raises:
        IndexingError: It could not be built.
    """
    folder, models = folder_of(suite, settings), settings.models_folder
    own = settings.model_copy(update={"data": folder, "models": models})
    wire.index_found(own, suite.found, (suite.name,), progress)
    return wire.live_index(own).current()


def ask_all(
    suite: Suite, retriever: Retriever, answerer: Answerer, progress: Progress
) -> list[Reply]:
    """Return what comes back for every question of a suite, in order.

    `answerer` says how; where it looks, its clock and its ids are not used.
    """
    progress.stage("Asking", len(suite.cases))
    ids = tuple(suite.articles)
    replies = []
    for case in suite.cases:
        # Encoded once a question: the searches after the answer are not timed.
        own = replace(retriever, encoder=_LastVector(retriever.encoder))
        own = without(own, case.hidden, ids)
        filters = filters_without(case.hidden, ids)
        watch = Stopwatch(own)
        asked = fixed(answerer, watch.retriever, case) if suite.answers else None
        replies.append(_ask(case, own, filters, watch, asked))
        progress.advance(1)
    return replies


def fixed(answerer: Answerer, retriever: Retriever, case: Case) -> Answerer:
    """Return what answers one question, at a fixed moment and with a fixed id."""
    name = f"ans_{case.id}"
    return replace(answerer, live=lambda: (retriever, ()), now=lambda: NOW, new_id=lambda: name)


def _ask(
    case: Case,
    retriever: Retriever,
    filters: Filters,
    watch: Stopwatch,
    answerer: Answerer | None,
) -> Reply:
    answer, fault, standalone = None, None, case.text
    if answerer:
        try:
            answer = answerer.ask(Question(case.text, case.history, filters=filters))
            standalone = answer.standalone_question
        except CitationBroken as error:
            fault = str(error)
    else:
        watch.retriever.search_documents(case.text, KEPT_DOCUMENTS, filters=filters)
    times = watch.stop()
    found = retriever.search_documents(standalone, DEPTH, filters=filters)
    hits = retriever.search(standalone, DEPTH, filters=filters) if case.gold else []
    return Reply(
        case=case,
        answer=answer,
        fault=fault,
        standalone=standalone,
        documents=tuple(hit.passage.article_id for hit in found),
        passages=tuple(hit.passage for hit in hits),
        times=times,
    )


class _LastVector:
    """A `QuestionEncoder` that remembers its last question."""

    def __init__(self, encoder: QuestionEncoder) -> None:
        self._encoder = encoder
        self._last: tuple[str, EncodedQuestion] | None = None
        self.codec = encoder.codec

    def encode_question(self, question: str) -> EncodedQuestion:
        if self._last is None or self._last[0] != question:
            self._last = question, self._encoder.encode_question(question)
        return self._last[1]

    def token_places(self, text: str) -> tuple[Span, ...]:
        return self._encoder.token_places(text)

    def fits(self, question: str) -> bool:
        return self._encoder.fits(question)


def setup_of(
    suite: Suite,
    settings: Settings,
    opened: OpenIndex,
    answerer: Answerer,
    which: Break | None,
) -> Setup:
    """Return what a run of a suite on an index is made with."""
    manifest = opened.snapshot.manifest
    return Setup(
        suite=suite.name,
        suite_sha256=suite.sha256,
        asked=len(suite.cases),
        skipped=suite.skipped,
        stale=suite.stale,
        broken=which.value if which else None,
        threshold=answerer.judged_by(opened.retriever).threshold,
        words_weight=opened.retriever.words_weight,
        answer_passages=answerer.passages,
        settings=settings.model_dump(mode="json", include=_DECISIVE),
        encoder={**asdict(manifest.encoder), "fingerprint": manifest.encoder.fingerprint},
        splitter=asdict(manifest.splitter),
        content_sha256=manifest.content_sha256,
        articles=manifest.articles,
        passages=manifest.passages,
        packages={name: _version(name) for name in _PACKAGES},
        python=platform.python_version(),
        git_revision=_git_revision(Path(__file__).parent.parent),
        seed=SEED,
        resamples=RESAMPLES,
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _git_revision(folder: Path) -> str | None:
    """Return the commit of a checkout, with a `+` where files differ from it; None elsewhere."""
    if not (folder / ".git").exists():
        return None
    told = []
    for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"]):
        try:
            done = subprocess.run(  # noqa: S603  (git and our own arguments)
                ["git", "-C", str(folder), *arguments],  # noqa: S607
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError:  # no git on this machine
            return None
        if done.returncode:
            return None
        told.append(done.stdout.strip())
    return told[0] + ("+" if told[1] else "")
