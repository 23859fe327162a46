"""From training sets to a reader in its folder: examples, training, export, and its record."""

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Self, TypeVar

from tokenizers import Tokenizer

from bot.settings import Settings
from evals.errors import InputUnusable
from evals.reading_examples import Example, Maker, balanced, read_examples, write_examples
from evals.rewording import Thesaurus
from evals.sweep_inputs import encoder_of
from evals.train_reader import (
    RATE,
    RATE_AFTER,
    SEED,
    ReaderModel,
    begin_as,
    export,
    pairs_of,
    train,
)
from evals.training_index import indexed
from evals.training_sets import TrainingSet, load_training
from evals.wordnet import FOLDER, WordNet
from index.build import Progress
from index.durable import write_file
from index.export import packaged_model
from index.passage_texts import splitter_of
from index.reader import MODEL, RECORD, TOKENIZER
from index.snapshot import SplitterSpec

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Source:
    """A training set, and how many of its questions are learnt from at most; None: all."""

    training: TrainingSet
    most: int | None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a reader is made of.

    Attributes:
        sources: Where its questions are from.
        held_out: The titles of articles that are only for watching.
        times: How often each question is used, differently as a rule.
        wordnet: The folder of the dictionary that other words for questions are from.
        begin: The work folder of a run that is done, whose reader this one begins as.
    """

    sources: tuple[Source, ...]
    held_out: frozenset[str]
    times: int
    wordnet: Path = FOLDER
    begin: Path | None = None

    @classmethod
    def of(cls, files: Sequence[str], held_out: Sequence[str], times: int) -> Self:
        """Return the recipe of `FILE` and `FILE:N`.

        Raises:
            InputUnusable: A file can't be read; the message names what is wrong in it.
        """
        named = [_limited(name) for name in files]
        sets = load_training([path for path, _ in named], unanswerable=True)
        sources = (Source(one, most) for one, (_, most) in zip(sets, named, strict=True))
        return cls(tuple(sources), frozenset(held_out), times)


def _limited(name: str) -> tuple[Path, int | None]:
    """Return the path of `FILE` or `FILE:N`, and N."""
    path, _, most = name.rpartition(":")
    return (Path(path), int(most)) if path and most.isdigit() else (Path(name), None)


def train_reader(
    recipe: Recipe, settings: Settings, work: Path, out: Path, progress: Progress
) -> dict[str, float]:
    """Train a reader and write it; return its scores on the articles held out.

    Args:
        recipe: What to learn from.
        settings: Of the encoder whose passages are read. Where the recipe does not say otherwise,
            the reader begins as the packaged model.
        work: Keeps examples and checkpoints; what is there is not made again.
        out: The folder of the reader, made if it isn't there.
        progress: Told how far it is.

    Raises:
        IndexingError: A set could not be indexed.
        InputUnusable: The sets are too small to learn from, or there is no run to begin with.
    """
    folder = packaged_model()
    model = ReaderModel(folder)
    before = None if recipe.begin is None else _begun(recipe.begin, model)
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    work.mkdir(parents=True, exist_ok=True)
    examples = {False: list[Example](), True: list[Example]()}
    for place, source in enumerate(recipe.sources):
        files = _written(source, place, recipe, settings, work, progress)
        for watched, path in files.items():
            examples[watched] += read_examples(path)
    learnt = balanced(examples[False], random.Random(SEED))  # noqa: S311  (no secret)
    if not learnt:
        raise InputUnusable(
            ("no question with an answer is like one without",),
            "Name sets with more questions of both sorts",
        )
    pairs, held = (pairs_of(some, tokenizer) for some in (learnt, examples[True]))
    rate = RATE if before is None else RATE_AFTER
    scores = train(pairs, held, model, work, progress, rate=rate)
    progress.stage("Exporting", 0)
    out.mkdir(parents=True, exist_ok=True)
    export(model, out / MODEL)
    write_file(out / TOKENIZER, tokenizer.to_str().encode())
    made = {"pairs": len(pairs), "rate": rate, "scores": dict(scores), "begun_as": before}
    write_record(recipe, made, out)
    write_file(work / RECORD, (out / RECORD).read_bytes())
    return scores


def _begun(work: Path, model: ReaderModel) -> Mapping[str, object]:
    """Make a model what a run in a work folder came to; return the record of that run."""
    try:
        before: Mapping[str, object] = json.loads((work / RECORD).read_bytes())
        begin_as(work, model)
    except (OSError, ValueError) as error:
        raise InputUnusable(
            (str(error),), "Name the --work folder of a run of `train reader` that is done"
        ) from error
    return before


def write_record(recipe: Recipe, made: Mapping[str, object], out: Path) -> None:
    """Write what a reader in a folder was made of, with the hashes that it is checked by."""
    files = {name: sha256((out / name).read_bytes()).hexdigest() for name in (MODEL, TOKENIZER)}
    record = {
        "made_by": "citewire eval train reader",
        "files": files,
        "data": [
            {"name": s.training.name, "sha256": s.training.sha256, "questions": s.most}
            for s in recipe.sources
        ],
        "held_out": sorted(recipe.held_out),
        "times": recipe.times,
        "seed": SEED,
        **made,
    }
    write_file(out / RECORD, (json.dumps(record, indent=1) + "\n").encode())


def _written(
    source: Source,
    place: int,
    recipe: Recipe,
    settings: Settings,
    work: Path,
    progress: Progress,
) -> dict[bool, Path]:
    """Return the files of a set's examples: to learn from, and (True) to be watched on."""
    training = source.training
    told = repr((training.sha256, sorted(recipe.held_out), source.most, recipe.times, SEED, place))
    made_with = f"{told} {recipe.wordnet}"
    stem = f"{training.name}-{sha256(made_with.encode()).hexdigest()[:12]}"
    files = {watched: work / f"{stem}-{watched:d}.jsonl" for watched in (False, True)}
    if all(path.is_file() for path in files.values()):
        return files
    chance = random.Random(told)  # noqa: S311  (no secret)
    asked = training.asked
    if source.most is not None and source.most < len(asked):
        asked = tuple(chance.sample(asked, source.most))
    titles = {one.article.id: one.article.title for one in training.found}
    spec = SplitterSpec(passage_tokens=settings.passage_tokens)
    splitter = splitter_of(encoder_of(settings, progress), spec)
    maker = Maker(Thesaurus(WordNet(recipe.wordnet), packaged_model()), chance)
    with indexed(training, "off", progress) as retriever:
        progress.stage(f"Asking {training.name}", len(asked))
        for watched, path in files.items():
            some = tuple(a for a in asked if (titles[a.article_id] in recipe.held_out) is watched)
            times = 1 if watched else recipe.times
            found = maker.examples(replace(training, asked=some), retriever, splitter, times)
            write_examples(list(chain.from_iterable(_told(found, progress))), path)
    return files


def _told(found: Iterable[_T], progress: Progress) -> Iterator[_T]:
    for one in found:
        progress.advance(1)
        yield one
