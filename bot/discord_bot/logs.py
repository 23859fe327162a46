"""Logs without texts and names: of what is said, who says it, and of secrets."""

import logging
import traceback
from collections.abc import Sequence
from copy import copy
from types import TracebackType

_FORMAT = "%(levelname)s %(message)s"
_QUIETER = {
    "discord": logging.WARNING,  # below, it logs everything that is said, and secrets
    "discord.client": logging.ERROR,  # it warns that for voices another library is needed
    "bot.answerer": logging.WARNING,  # the ids of answers: who has one may read it
}
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
    """Tells where an error arose and what sort it is, not what it says: that may be a question."""

    def __init__(self) -> None:
        super().__init__(_FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as text; of what asyncio says, the line without the error in it."""
        discreet = copy(record)
        discreet.exc_text = None  # another handler's, where one came first
        if record.name == "asyncio":
            discreet.msg, discreet.args = record.getMessage().partition("\n")[0], ()
        return super().format(discreet)

    def formatException(self, ei: _Raised) -> str:  # noqa: N802  (logging's name)
        """Return the places of an error and of those that led to it, the first of them first."""
        return "\n".join(_told(ei[1]))


def _told(error: BaseException | None) -> Sequence[str]:
    """Return an error's lines; those of what it arose from come before."""
    lines: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        places = "".join(traceback.format_tb(error.__traceback__)).rstrip()
        lines[:0] = [places, type(error).__name__]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return [line for line in lines if line]


def quieten() -> None:
    """Have this process log so, whatever its level."""
    for name, level in _QUIETER.items():
        logging.getLogger(name).setLevel(level)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(Discreet())
