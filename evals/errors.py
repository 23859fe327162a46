"""What can go wrong in an evaluation.

BotError
└── EvalError             base of what follows
    ├── InputUnusable     a question file, a suite, a run or a baseline is not what it should be
    └── LibraryMissing    what only an evaluation needs is not installed
"""

from pathlib import Path

from bot.errors import BotError

_SHOWN = 20


class EvalError(BotError):
    """Base of the errors of an evaluation."""


class InputUnusable(EvalError):
    """Raised when a file that is to be evaluated with can't be used; it names all that is wrong."""

    def __init__(
        self, problems: tuple[str, ...], hint: str = "docs/evals.md has the formats"
    ) -> None:
        self.problems = problems
        shown = list(problems[:_SHOWN])
        if len(problems) > _SHOWN:
            shown.append(f"and {len(problems) - _SHOWN} more")
        lines = "\n".join(f"  {problem}" for problem in shown)
        super().__init__(f"this can't be evaluated:\n{lines}\n{hint}.")


class LibraryMissing(EvalError):
    """Raised when a library that only an evaluation needs is not installed."""

    def __init__(self, library: str) -> None:
        self.library = library
        super().__init__(
            f"{library} is not installed. Run `pip install 'citewire[evals]'`; on Linux on Arm, "
            f"which ir-measures has no wheel for, `pip install {library}` with a C compiler."
        )


def at(path: Path, line: int | None, reason: str) -> str:
    """Return `path:line: reason`, or `path: reason` where no line is to blame."""
    return f"{path}:{line}: {reason}" if line else f"{path}: {reason}"
