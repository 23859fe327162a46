"""Measured processes: started, timed from outside, what they print read."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bot.settings import PREFIX, Settings
from evals.benchmark_errors import BenchmarkFailed

_KIB = 1024
# What a process that only asks has no need of.
HEAVY = ("onnx", "optimum", "sentence_transformers", "torch", "transformers")


@dataclass(frozen=True, slots=True)
class Finished:
    """How long a process took, start to exit, and what it printed."""

    seconds: float
    output: str

    @property
    def last_line(self) -> str:
        """Return the last line of the output, where our programs put their JSON."""
        return self.output.splitlines()[-1]


def run_python(
    name: str, arguments: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str]
) -> Finished:
    """Run this Python with `arguments` in `folder`, and wait for it.

    Raises:
        BenchmarkFailed: It exited with another status than 0, or printed nothing.
    """
    began = perf_counter()
    done = subprocess.run(  # noqa: S603  (our own interpreter and programs)
        # -P: what lies in `folder` must not be taken for a module.
        [sys.executable, "-P", *map(str, arguments)],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    seconds = perf_counter() - began
    if done.returncode or not done.stdout.strip():
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise BenchmarkFailed(name, f"exit status {done.returncode}: {last}")
    return Finished(seconds, done.stdout)


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment for a measured process: `settings` and no other setting of ours."""
    inherited = {k: v for k, v in os.environ.items() if not k.upper().startswith(PREFIX)}
    given = settings.model_dump(mode="json", exclude_none=True)
    ours = {
        PREFIX + name.upper(): ",".join(value) if isinstance(value, list) else str(value)
        for name, value in given.items()
    }
    # Every model is on this disk: neither contender has business on a network.
    return inherited | ours | {"HF_HUB_OFFLINE": "1"}


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of a process in MiB: when it was read, and the most until then."""

    resident: float
    peak: float


def read_memory(status: str) -> Memory | None:
    """Return what `/proc/<pid>/status` says; None where a system has no such file."""
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    try:
        resident, peak = (int(fields[name].split()[0]) for name in ("VmRSS", "VmHWM"))
    except KeyError:
        return None
    return Memory(resident / _KIB, peak / _KIB)
