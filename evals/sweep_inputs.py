"""What a sweep is made of, from what was typed."""

from collections.abc import Callable
from typing import TypeVar

from bot.settings import Settings
from evals.errors import InputUnusable
from evals.sweep import Grid
from index.build import Progress
from index.encoder import OnnxEncoder
from index.export import ensure_encoder, is_exported

_Number = TypeVar("_Number", int, float)
_MOST_OVERLAP, _MOST_WEIGHT, _MOST_PASSAGES = 10, 100.0, 100
_HINT = "Give numbers with commas between them, as in --passage-tokens 96,128"


def read_grid(passage_tokens: str, overlap: str, words_weight: str, k: str) -> Grid:
    """Return the grid that four lists of numbers span; a number given twice counts once.

    Raises:
        InputUnusable: One is no list of numbers, or a number is out of range.
    """
    return Grid(
        _numbers("--passage-tokens", passage_tokens, int, 8192),
        _numbers("--overlap", overlap, int, _MOST_OVERLAP),
        _numbers("--words-weight", words_weight, float, _MOST_WEIGHT),
        _numbers("--passages", k, int, _MOST_PASSAGES),
    )


def _numbers(
    option: str, typed: str, kind: Callable[[str], _Number], most: _Number
) -> tuple[_Number, ...]:
    try:
        numbers = tuple(dict.fromkeys(kind(part) for part in typed.split(",")))
    except ValueError as error:
        raise InputUnusable((f"{option} {typed}: no list of numbers",), _HINT) from error
    wrong = [number for number in numbers if not 0 <= number <= most]  # NaN is wrong too
    if wrong:
        raise InputUnusable((f"{option} {wrong[0]}: from 0 to {most:g} can be tried",), _HINT)
    return numbers


def encoder_of(settings: Settings, progress: Progress) -> OnnxEncoder:
    """Return the encoder that the settings name, exported first if need be.

    Raises:
        EncoderError: There is no such model, or it can't be exported here.
    """
    options = {"quantization": settings.quantization}
    models = settings.models_folder
    if not is_exported(settings.model, models, **options):
        progress.stage("Preparing the encoder (once per model, about ten seconds)", 0)
    return OnnxEncoder(ensure_encoder(settings.model, models, **options))
