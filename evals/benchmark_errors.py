"""What can go wrong in a benchmark.

BotError
└── BenchmarkFailed    there is nothing to measure, or a process that is measured failed
"""

from bot.errors import BotError


class BenchmarkFailed(BotError):
    """Raised when there is nothing to measure, or what is measured does not work."""

    def __init__(self, what: str, reason: str) -> None:
        self.what, self.reason = what, reason
        super().__init__(f"{what}: {reason}. Run it again with --keep FOLDER to see its files.")
