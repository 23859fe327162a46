"""How the commands of this package end when what they are given can't be used."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from bot.cli.options import complain

_USAGE = 2
_LIBRARIES = {"ir_measures": "ir-measures", "jinja2": "jinja2", "scipy": "scipy"}


@contextmanager
def usage_errors() -> Iterator[None]:
    """Leave with 2 where what is to be evaluated with can't be used.

    Raises:
        LibraryMissing: The extra `evals` is not installed.
    """
    from evals.errors import InputUnusable, LibraryMissing

    for module, library in _LIBRARIES.items():
        if importlib.util.find_spec(module) is None:
            raise LibraryMissing(library)
    try:
        yield
    except InputUnusable as error:
        complain(f"Error: {error}")
        raise typer.Exit(_USAGE) from error
