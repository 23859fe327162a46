"""Citewire against the plain script: the same work in turns, ratios of neighbouring runs."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from bot.settings import Settings
from bot.wire import BUNDLED_ARTICLES
from evals.benchmark_contenders import (
    Asked,
    Built,
    Citewire,
    Contender,
    PlainScript,
    missing_for_plain_script,
)
from evals.benchmark_inputs import SEED, Inputs, prepare
from evals.benchmark_processes import environment_of
from evals.benchmark_report import (
    Figure,
    Report,
    Setting,
    core_count,
    cpu_name,
    installed,
    load_average,
)
from evals.benchmark_stats import percentile
from index.encoder import EncoderSpec, OnnxEncoder
from index.export import DEFAULT_MODEL, ensure_encoder
from index.passage_texts import splitter_of
from index.snapshot import SplitterSpec

if TYPE_CHECKING:
    from index.build import Progress

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: see the options of `citewire benchmark`."""

    source: Path | None = None
    passages: int | None = None
    questions: int = 50
    build_runs: int = 3
    runs: int = 5


@dataclass(frozen=True, slots=True)
class Workplace:
    """What is there before anything is measured.

    Attributes:
        inputs: What both contenders get.
        spec: The encoder.
        environment: Of every measured process.
        export_s: How long the encoder's export took; None where it was there.
        missing: What the other contender needs and is not installed.
        load: How many processes wanted a core at the start.
    """

    inputs: Inputs
    spec: EncoderSpec
    environment: dict[str, str]
    export_s: float | None
    missing: tuple[str, ...]
    load: float | None


@dataclass(frozen=True, slots=True)
class _Measured:
    """The rounds of each contender, Citewire first."""

    built: list[list[Built]]
    first_s: list[list[float]]
    asked: list[list[Asked]]


def measure(plan: Plan, settings: Settings, folder: Path, progress: "Progress") -> Report:
    """Measure what the plan says.

    Args:
        plan: What to measure.
        settings: Passage size, quantization and models folder count; the model is always the
            packaged one, which the plain script uses too.
        folder: An existing, empty folder for all files.
        progress: Told how far it is.

    Raises:
        SourceNotFound: There is no such file or folder of articles.
        IndexingError: The encoder is not there and can't be exported.
        BenchmarkFailed: A process that is measured failed.
    """
    place = workplace(plan, settings, folder, progress)
    contenders: list[Contender] = [
        Citewire(place.inputs, BUNDLED_ARTICLES, folder, place.environment)
    ]
    if not place.missing:
        contenders.append(PlainScript(place.inputs, folder, place.environment))
    measured = _run(contenders, plan, place.inputs, progress)
    return Report(
        setting=setting_of(place, plan.source, measured.built[0][-1]),
        figures=tuple(_figures(measured)),
        stages_s=_stages(measured.built[0]),
        export_s=place.export_s,
        imports={
            contender.name: asked[-1].heavy
            for contender, asked in zip(contenders, measured.asked, strict=True)
        },
        notes=_notes(plan, place.missing, place.export_s),
    )


def workplace(plan: Plan, settings: Settings, folder: Path, progress: "Progress") -> Workplace:
    """Export the encoder, read the collection and draw the questions; see `measure`."""
    load = load_average()
    missing = missing_for_plain_script()
    models, export_s = _export(settings, folder, progress, possible=not missing)
    settings = settings.model_copy(update={"model": DEFAULT_MODEL, "models": models.resolve()})
    encoder = OnnxEncoder(ensure_encoder(DEFAULT_MODEL, models, quantization=settings.quantization))
    inputs = _inputs(plan, settings, folder, encoder)
    # The encoder goes with this call: its threads and its memory are no part of what follows.
    return Workplace(inputs, encoder.spec, environment_of(settings), export_s, missing, load)


def _export(
    settings: Settings, folder: Path, progress: "Progress", *, possible: bool
) -> tuple[Path, float | None]:
    """Return a models folder that has the encoder, and the seconds that its export took."""
    if not possible:
        return settings.models_folder, None
    progress.stage("Exporting the encoder", 0)
    models = folder / "models"
    began = perf_counter()
    ensure_encoder(DEFAULT_MODEL, models, quantization=settings.quantization)
    return models, perf_counter() - began


def _inputs(plan: Plan, settings: Settings, folder: Path, encoder: OnnxEncoder) -> Inputs:
    splitter = splitter_of(encoder, SplitterSpec(passage_tokens=settings.passage_tokens))
    return prepare(
        (plan.source or BUNDLED_ARTICLES).resolve(),
        folder,
        lambda article: splitter.embedded_texts(article, splitter.split(article)),
        passages=plan.passages,
        questions=plan.questions,
    )


def _run(
    contenders: Sequence[Contender], plan: Plan, inputs: Inputs, progress: "Progress"
) -> _Measured:
    def rounds(name: str, count: int, work: Callable[[Contender], T]) -> list[list[T]]:
        progress.stage(name, count * len(contenders))
        results: list[list[T]] = [[] for _ in contenders]
        for _ in range(count):
            for contender, done in zip(contenders, results, strict=True):
                done.append(work(contender))
                progress.advance(1)
        return results

    question = inputs.questions[0]
    rounds("Warming up", 1, lambda contender: contender.warm_up())
    return _Measured(
        rounds("Building", plan.build_runs, lambda contender: contender.build()),
        # The first round reads programs and models from the disk: it does not count.
        [done[1:] for done in rounds("Starting cold", plan.runs + 1,
                                     lambda contender: contender.first_answer(question))],
        rounds("Asking", plan.runs, lambda contender: contender.ask(inputs.questions)),
    )  # fmt: skip


def _figures(measured: _Measured) -> list[Figure]:
    """Return every figure; where no script ran, only Citewire's side."""
    built, asked, first = measured.built, measured.asked, measured.first_s
    return [
        _figure("build", "Build, all", "passages/s", built, lambda b: b.passages / b.build_s),
        _figure(
            "embedding", "Build, embedding", "passages/s", built, lambda b: b.passages / b.embed_s
        ),
        *(
            _figure(f"{key}_p{percent}", f"{name}, p{percent}", "ms", asked, of)
            for key, name, times, percents in _TIMINGS
            for percent in percents
            for of in [_percentile_of(times, percent)]
        ),
        _figure("first_answer", "Start to first answer", "s", first, lambda seconds: seconds),
        *_memory(asked),
    ]


def _figure(
    key: str, name: str, unit: str, rounds: Sequence[Sequence[T]], of: Callable[[T], float]
) -> Figure:
    """Return a figure from each contender's rounds, Citewire's first."""
    ours, *others = [tuple(of(item) for item in done) for done in rounds]
    theirs = others[0] if others else ()
    return Figure(key, name, unit, ours, theirs, more_is_better=unit.endswith("/s"))


def _percentile_of(
    times: Callable[[Asked], Sequence[float]], percent: int
) -> Callable[[Asked], float]:
    return lambda asked: percentile(times(asked), percent)


# A full answer is set against the script's search too: it is all that the script gives.
_TIMINGS: tuple[tuple[str, str, Callable[[Asked], Sequence[float]], tuple[int, ...]], ...] = (
    ("question", "Question, 10 passages", lambda a: a.search_ms, (50, 95)),
    ("question_cpu", "  its processor time", lambda a: a.search_cpu_ms, (50,)),
    ("answer", "Question, cited answer", lambda a: a.answer_ms or a.search_ms, (50, 95)),
    ("answer_cpu", "  its processor time", lambda a: a.answer_cpu_ms or a.search_cpu_ms, (50,)),
)


def _memory(asked: Sequence[Sequence[Asked]]) -> list[Figure]:
    """Return resident memory after the questions, and the most until then; none off Linux."""
    memory = [[one.memory for one in done if one.memory] for done in asked]
    if not all(memory):
        return []
    return [
        _figure("resident", "Memory after answering", "MiB", memory, lambda one: one.resident),
        _figure("peak", "Memory at most", "MiB", memory, lambda one: one.peak),
    ]


def _stages(built: Sequence[Built]) -> dict[str, float]:
    return {name: median(one.stages_s[name] for one in built) for name in built[0].stages_s}


def setting_of(place: Workplace, source: Path | None, built: Built) -> Setting:
    """Return what was measured on."""
    inputs, spec = place.inputs, place.spec
    return Setting(
        cpu=cpu_name(),
        cores=core_count(),
        load=place.load,
        python=platform.python_version(),
        packages=installed(),
        model=spec.model,
        quantization=spec.quantization,
        encoder=spec.fingerprint,
        snapshot_id=built.snapshot_id or "",
        source=str(source or "the bundled articles"),
        articles=inputs.articles,
        passages=len(inputs.passages),
        questions=len(inputs.questions),
    )


def _notes(plan: Plan, missing: Sequence[str], export_s: float | None) -> tuple[str, ...]:
    left_out = "not measured" if export_s is None else f"{export_s:.1f} s here"
    notes = (
        (
            f"Rounds in turns: {plan.build_runs} builds, {plan.runs} starts and processes asked. "
            "Figures are medians, advantages medians of the rounds' ratios (least–greatest)."
        ),
        (
            "Both embed the same passages, title included. Builds leave out reading the input, "
            f"loading the model and, once per model, exporting Citewire's encoder ({left_out}). "
            "Citewire's build, all: splitting, embedding, words, writing safely; the script's: "
            "embedding and saving."
        ),
        (
            f"Questions are sentences of the articles, drawn with seed {SEED}. "
            "The script finds passages and gives no cited answer: its search stands beside both."
        ),
    )
    if not missing:
        return notes
    absent = f"Not installed: {', '.join(missing)}; so the plain script did not run."
    return (absent, *notes)
