"""How long somebody must wait before the next question."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_MOST = 20_000
_Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds between two questions: of one person, and in one server; 0: none."""

    user_s: float
    server_s: float


class Cooldowns:
    """Counts commands, mentions and buttons alike; for one event loop.

    What is held is bounded: beyond twenty thousand people and servers, who asked longest ago is
    let through.
    """

    def __init__(self, clock: Callable[[], float], most: int = _MOST) -> None:
        """Begin with everybody free; `clock` returns monotonic seconds."""
        self._clock, self._most = clock, most
        self._free_at: OrderedDict[_Key, float] = OrderedDict()

    def take(self, user_id: int, server_id: int | None, pause: Pause) -> float:
        """Return 0 and count a question, or how many seconds are left until one may be asked.

        A refusal counts for nothing: asking again does not make the wait longer.

        Args:
            user_id: Who asks.
            server_id: Where; None: in a direct message.
            pause: How long to wait after this question.
        """
        now = self._clock()
        waits: list[tuple[_Key, float]] = [(("user", user_id), pause.user_s)]
        if server_id is not None:
            waits.append((("server", server_id), pause.server_s))
        left = max(self._free_at.get(key, now) - now for key, _ in waits)
        if left > 0:
            return left
        for key, seconds in waits:
            self._free_at[key] = now + seconds
            self._free_at.move_to_end(key)
        while len(self._free_at) > self._most:
            self._free_at.popitem(last=False)
        return 0.0

    def __len__(self) -> int:
        """Return how many people and servers are held."""
        return len(self._free_at)
