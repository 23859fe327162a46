"""How many presses and small commands in a row: turning pages is no question, nor is it free."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many at once, and how many a second after that."""

    burst: float
    per_second: float


PERSON = Bucket(burst=20, per_second=1)
SERVER = Bucket(burst=200, per_second=20)


class Bursts:
    """Token buckets of people and servers; for one event loop.

    Beyond twenty thousand of them, who pressed longest ago has a full bucket again.
    """

    def __init__(self, clock: Callable[[], float], most: int = _MOST) -> None:
        """Begin with full buckets; `clock` returns monotonic seconds."""
        self._clock, self._most = clock, most
        self._held: OrderedDict[tuple[str, int], tuple[float, float]] = OrderedDict()

    def take(self, user_id: int, server_id: int | None) -> float:
        """Return 0 and count one, or how many seconds are left until one may be.

        A refusal counts for nothing.
        """
        now = self._clock()
        wanted = [(("user", user_id), PERSON)]
        if server_id is not None:
            wanted.append((("server", server_id), SERVER))
        levels = [(key, self._level(key, bucket, now), bucket) for key, bucket in wanted]
        left = max((1 - level) / bucket.per_second for _, level, bucket in levels)
        if left > 0:
            return left
        for key, level, _ in levels:
            self._held[key] = (level - 1, now)
            self._held.move_to_end(key)
        while len(self._held) > self._most:
            self._held.popitem(last=False)
        return 0.0

    def __len__(self) -> int:
        """Return how many people and servers are held."""
        return len(self._held)

    def _level(self, key: tuple[str, int], bucket: Bucket, now: float) -> float:
        level, at = self._held.get(key, (bucket.burst, now))
        return min(bucket.burst, level + (now - at) * bucket.per_second)
