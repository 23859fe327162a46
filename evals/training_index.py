"""A training set as a collection that is searched, for as long as it is needed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import wire
from bot.settings import read_settings
from evals.training_sets import TrainingSet
from index.build import Progress
from index.retrieve import Retriever
from index.tokens import LateInteraction


@contextmanager
def indexed(
    training: TrainingSet, late_interaction: LateInteraction, progress: Progress
) -> Iterator[Retriever]:
    """Give what searches the articles of a training set, in a folder that goes away."""
    with TemporaryDirectory(prefix="citewire-training-") as folder:
        settings = read_settings(
            os.environ,
            data=Path(folder),
            models=read_settings(os.environ).models_folder,
            late_interaction=late_interaction,
        )
        wire.index_found(settings, training.found, (training.name,), progress)
        yield wire.live_index(settings).current().retriever
