"""How much each client may ask: so many a minute, so many streams at once; the state is bounded.

The libraries that do this keep a counter for every address that ever asked, or want a server for
them. An address costs an attacker nothing, so here the clients that asked last are remembered, and
no more than so many of them.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil

MAX_CLIENTS = 10_000
RATE_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether a client may ask, and what it has left; times are seconds from now."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int
    retry_after_s: int

    def headers(self) -> dict[str, str]:
        """Return the headers that tell a client how it stands."""
        values = (self.limit, self.remaining, self.reset_s)
        found = dict(zip(RATE_HEADERS, map(str, values), strict=True))
        return found if self.allowed else found | {"Retry-After": str(self.retry_after_s)}


class Rates:
    """Limits to `per_minute`, by the generic cell rate algorithm (ITU-T I.371).

    A client that was silent for a minute may ask `per_minute` times at once; from then on its
    allowance comes back evenly. One number a client: the moment its allowance is whole again. Use
    it from one thread.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        """Prepare; `per_minute` 0 means no limit, `clock` is in seconds and never goes back."""
        self._limit, self._clock = per_minute, clock
        self._whole_at: OrderedDict[str, float] = OrderedDict()

    def spend(self, client: str, cost: int = 1) -> Allowance | None:
        """Return how the client stands after `cost` requests; None where there is no limit.

        A cost beyond the whole limit is taken for the whole limit: it is allowed to who is rested.
        """
        if not self._limit:
            return None
        now, step = self._clock(), _MINUTE_S / self._limit
        whole_at = max(self._whole_at.pop(client, now), now)
        wanted = whole_at + step * min(cost, self._limit)
        allowed = wanted - now <= _MINUTE_S * (1 + 1e-9)
        after = wanted if allowed else whole_at
        self._whole_at[client] = after
        if len(self._whole_at) > MAX_CLIENTS:
            self._whole_at.popitem(last=False)
        remaining = int((_MINUTE_S - (after - now)) / step + 1e-9)
        wait = 0 if allowed else max(1, ceil(wanted - now - _MINUTE_S))
        return Allowance(allowed, self._limit, remaining, ceil(after - now), wait)


class Streams:
    """Counts the streams that each client has open; use it from one thread."""

    def __init__(self, most: int) -> None:
        """Allow `most` a client."""
        self._most = most
        self._open: Counter[str] = Counter()

    def enter(self, client: str) -> bool:
        """Count one more, unless there are too many; who enters must leave."""
        if self._open[client] >= self._most:
            return False
        self._open[client] += 1
        return True

    def leave(self, client: str) -> None:
        """Count one less; who has none open is forgotten."""
        self._open[client] -= 1
        if self._open[client] <= 0:
            del self._open[client]


def network_of(address: str) -> str:
    """Return what an address counts as: IPv6 by its /64, all of which one customer has."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)
