"""A builder in a process of its own, to be killed, starved and raced.

It says `ready`, waits for a line on stdin, builds under the lock and says what it did. Exit status:
0 built, 3 BuildFailed, 4 BuildLocked, each with the message on stderr; 1 is a traceback.
"""

import argparse
import os
import random
import resource
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from corpus.article import Article
from corpus.read import Found
from index.build import Builder, Silent
from index.errors import BuildFailed, BuildLocked
from index.lock import build_lock
from tests.fakes import AXES, SPLITTER, FakeEncoder

ARTICLES = 150
# Before each of these a builder can be told to die; see "Audit events table" in Python's manual.
EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "sqlite3.connect"}


def collection(version: int) -> Iterator[Found]:
    """Yield articles of twelve passages; a third of them differ from one version to the next."""
    for number in range(ARTICLES):
        seed = number if number % 3 else number + 1000 * version
        words = random.Random(seed).choices([*AXES, "the", "and", str(seed)], k=60)  # noqa: S311
        text = " ".join(f"{word}." if i % 5 == 4 else word for i, word in enumerate(words))
        yield Found(Article(f"{seed:05}", f"Title {seed}", text), f"/in/{seed}", None)


def article_ids(version: int) -> list[str]:
    """Return the ids of a version's articles in order."""
    return [found.article.id for found in collection(version)]


def die_before(step: int) -> list[str]:
    """Kill this process before its `step`-th operation on a file or folder; return a live log."""
    log: list[str] = []

    def count(event: str, _: tuple[object, ...]) -> None:
        if event in EVENTS:
            log.append(event)
            if len(log) == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    return log


def main() -> int:
    """Build once; `--hold` keeps the lock until stdin is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("version", type=int)
    parser.add_argument("--hold", action="store_true")
    parser.add_argument("--die-before", type=int, default=0)
    parser.add_argument("--largest-file", type=int, default=0)
    arguments = parser.parse_args()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    log = die_before(arguments.die_before)
    if size := arguments.largest_file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    status = build(arguments.data, arguments.version, hold=arguments.hold)
    sys.stdout.write(f"after {len(log)} operations on files\n")
    return status


def build(data: Path, version: int, *, hold: bool) -> int:
    """Bring `data` to `version` and return the exit status."""
    try:
        with build_lock(data):
            builder = Builder(
                data, FakeEncoder(size=16), SPLITTER, progress=Silent(), now=datetime.now(UTC)
            )
            report = builder.update(collection(version), ("tests",))
            sys.stdout.write(f"built {report.embedded} of {report.passages}\n")
            sys.stdout.flush()
            if hold:
                sys.stdin.read()
    except BuildFailed as error:
        sys.stderr.write(f"{error}\n")
        return 3
    except BuildLocked as error:
        sys.stderr.write(f"{error}\n")
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
