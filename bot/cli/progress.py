"""How far a build is: bars in a terminal, one line a stage elsewhere."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)


class Bars:
    """An `index.build.Progress` with one bar a stage, gone when all is done."""

    def __init__(self, console: Console) -> None:
        """Show the bars on `console`; where that is no terminal, print the stages' names."""
        self._console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:  # elsewhere rich would print an empty line
            self._progress.stop()

    def stage(self, name: str, total: int) -> None:
        """Begin a bar of `total` steps; one that only moves when `total` is 0."""
        if not self._console.is_terminal:
            self._console.print(f"{name} …", markup=False)
            return
        if self._task is not None:
            self._progress.update(self._task, visible=False)
        self._task = self._progress.add_task(name, total=total or None)

    def advance(self, steps: int) -> None:
        """Move the bar on."""
        if self._task is not None:
            self._progress.advance(self._task, steps)
