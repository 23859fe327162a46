from bot.discord_bot.cooldowns import Cooldowns, Pause

PAUSE = Pause(10, 2)


class Clock:
    """Monotonic seconds, set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """As set."""
        return self.now


def test_a_person_waits_wherever_they_ask() -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock)
    assert cooldowns.take(1, 7, PAUSE) == 0
    clock.now += 4
    assert cooldowns.take(1, 7, PAUSE) == 6
    assert cooldowns.take(1, None, PAUSE) == 6
    clock.now += 6
    assert cooldowns.take(1, None, PAUSE) == 0


def test_a_server_waits_whoever_asks() -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock)
    assert cooldowns.take(1, 7, PAUSE) == 0
    assert cooldowns.take(2, 7, PAUSE) == 2
    assert cooldowns.take(2, 8, PAUSE) == 0, "in another server"
    assert cooldowns.take(3, None, PAUSE) == 0, "in a direct message"


def test_a_refusal_does_not_make_the_wait_longer() -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock)
    cooldowns.take(1, 7, PAUSE)
    clock.now += 9
    assert cooldowns.take(1, 7, PAUSE) == 1
    clock.now += 1
    assert cooldowns.take(1, 7, PAUSE) == 0


def test_without_a_pause_nobody_waits() -> None:
    cooldowns = Cooldowns(Clock())
    assert [cooldowns.take(1, 7, Pause(0, 0)) for _ in range(3)] == [0, 0, 0]


def test_a_flood_of_people_is_held_within_bounds() -> None:
    cooldowns = Cooldowns(Clock(), most=100)
    for person in range(1000):
        cooldowns.take(person, None, PAUSE)
    assert len(cooldowns) == 100
    assert cooldowns.take(999, None, PAUSE) == 10
