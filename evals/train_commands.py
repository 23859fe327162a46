"""`citewire eval train`: makes what is learned anew, from openly licensed questions."""

import os
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import stderr
from evals.usage import usage_errors
from evals.wordnet import FOLDER

app = typer.Typer(
    name="train",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Learn anew how sentences are matched and chosen.",
)

FilesArgument = Annotated[
    list[Path],
    typer.Argument(metavar="FILE.jsonl[.gz]...", help="Paragraphs with questions and answers."),
]
OutOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where to.", show_default="where the product reads it"),
]


@app.command()
def codec(files: FilesArgument, out: OutOption = None) -> None:
    """Learn how token vectors are compressed; takes minutes, and torch.

    An index has to be built anew with it, and the evidence weights learned anew.
    """
    from bot.cli.progress import Bars
    from bot.settings import read_settings
    from evals.sweep_inputs import encoder_of
    from evals.train_codec import Passages, examples_of, train
    from evals.training_index import indexed
    from evals.training_sets import load_training
    from index.late_interaction import PACKAGED_CODEC

    with usage_errors(), Bars(stderr()) as bars:
        encoder = encoder_of(read_settings(os.environ), bars)
        passages, examples = Passages(encoder), []
        for training in load_training(files):
            with indexed(training, "off", bars) as retriever:
                bars.stage(f"Encoding {training.name}", len(training.asked))
                for example in examples_of(training, retriever, encoder, passages):
                    bars.advance(1)
                    examples += [example] if example else []
        content = train(examples, passages, bars).to_bytes()
    target = out or PACKAGED_CODEC
    target.write_bytes(content)
    stderr().print(f"Written: {target}, from {len(examples)} questions", soft_wrap=True)


@app.command()
def evidence(files: FilesArgument, out: OutOption = None) -> None:
    """Learn how much each feature counts when sentences are chosen; takes minutes."""
    from dataclasses import replace

    from bot.cli.progress import Bars
    from bot.evidence import WEIGHTS_FILE, WITH_LATE, WITHOUT_LATE
    from evals.train_evidence import Choice, choices_of, fit, write_weights
    from evals.training_index import indexed
    from evals.training_sets import load_training

    choices: dict[str, list[Choice]] = {WITH_LATE: [], WITHOUT_LATE: []}
    with usage_errors(), Bars(stderr()) as bars:
        sets = load_training(files)
        for training in sets:
            with indexed(training, "stored", bars) as retriever:
                choices[WITH_LATE] += choices_of(training, retriever, bars)
                plain = replace(retriever, tokens=None)
                choices[WITHOUT_LATE] += choices_of(training, plain, bars)
    learned = {name: fit(some) for name, some in choices.items()}
    target = out or WEIGHTS_FILE
    count = sum(len(training.asked) for training in sets)
    write_weights(learned, sets, count, target)
    told = [f"{first:.3f} {name.replace('_', ' ')}" for name, (_, first) in learned.items()]
    stderr().print(f"Written: {target}; evidence first: {', '.join(told)}", soft_wrap=True)


@app.command()
def reader(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE.jsonl[.gz][:N]...",
            help="As for the others; with :N a random N of its questions. A file named twice "
            "counts twice. A paragraph may be named by its hash if another file has it.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where to.", show_default="where the product reads it"),
    ] = None,
    work: Annotated[
        Path, typer.Option(metavar="DIR", help="Where a run that is cut off is taken up again.")
    ] = Path("data/training/reader"),
    held_out: Annotated[
        list[str] | None,
        typer.Option(metavar="TITLE", help="An article that is only for watching; repeatable."),
    ] = None,
    times: Annotated[
        int, typer.Option(min=1, help="How often each question is used, differently as a rule.")
    ] = 5,
    wordnet: Annotated[
        Path, typer.Option(metavar="DIR", help="Where WordNet is; Debian has it: wordnet-base.")
    ] = FOLDER,
    begin: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The --work of a run that is done, whose reader is to learn more.",
            show_default="the packaged encoder",
        ),
    ] = None,
) -> None:
    """Learn to read: is the answer in a passage, and where? Takes two hours, and torch.

    Confidence has to be calibrated anew with it: `citewire eval calibrate`.
    """
    from dataclasses import replace

    from bot.cli.progress import Bars
    from bot.settings import read_settings
    from evals.reader_run import Recipe, train_reader
    from index.reader import READER_FOLDER

    target = out or READER_FOLDER
    with usage_errors(), Bars(stderr()) as bars:
        plain = Recipe.of(files, held_out or (), times)
        recipe = replace(plain, wordnet=wordnet, begin=begin)
        scores = train_reader(recipe, read_settings(os.environ), work, target, bars)
    told = ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in scores.items())
    stderr().print(f"Written: {target}; {told}", soft_wrap=True)
