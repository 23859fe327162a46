"""What happened lately, bounded."""

from collections import OrderedDict


class Recent:
    """The last so many ids that were added; for one event loop."""

    def __init__(self, most: int = 1000) -> None:
        """Begin empty."""
        self._most = most
        self._held: OrderedDict[int, None] = OrderedDict()

    def add(self, number: int) -> bool:
        """Add an id; return whether it was not there."""
        new = number not in self._held
        self._held[number] = None
        self._held.move_to_end(number)
        while len(self._held) > self._most:
            self._held.popitem(last=False)
        return new

    def discard(self, number: int) -> None:
        """Take an id out again, if it is there."""
        self._held.pop(number, None)

    def __contains__(self, number: int) -> bool:
        return number in self._held
