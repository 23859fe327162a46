"""What can go wrong in a benchmark.

BotError
├── BenchmarkFailed    there is nothing to measure, or a process that is measured failed
└── ToolMissing        a program that measures is not installed
"""

from bot.errors import BotError


class BenchmarkFailed(BotError):
    """Raised when there is nothing to measure, or what is measured does not work."""

    def __init__(self, what: str, reason: str) -> None:
        self.what, self.reason = what, reason
        super().__init__(f"{what}: {reason}. Run it again with --keep FOLDER to see its files.")


class ToolMissing(BotError):
    """Raised when a program is not on the path."""

    def __init__(self, name: str, remedy: str) -> None:
        self.name, self.remedy = name, remedy
        super().__init__(f"{name} is not installed. {remedy}")
