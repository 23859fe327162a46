"""The gate: has what matters fallen, beyond noise, since the baseline was written?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from evals.abstention import Floats
from evals.bootstrap import difference, mcnemar, mean_of
from evals.cases import reasons
from evals.errors import InputUnusable, at
from evals.figures import BY_NAME, column
from evals.runs import DIGITS, Run

FORMAT = 1
ALPHA = 0.05
EXACTNESS = "citation_exactness"
# How far each may fall before the paired test is asked. Both sides of abstaining are gated.
MARGINS = {
    "passage_success@1": 0.02,
    "passage_ndcg@10": 0.02,
    "evidence_first": 0.02,
    "evidence_anywhere": 0.02,
    "answer_rate": 0.03,
    "refusal_recall": 0.03,
}
_UPDATE = "If the change is meant, write a new baseline with --update-baseline and commit it"


@dataclass(frozen=True, slots=True)
class Check:
    """One gated measure: its mean before and now, the fall allowed, and the test of the fall.

    `p` is one-sided: how often chance alone would make it fall so far.
    """

    measure: str
    before: float
    now: float
    margin: float
    p: float
    n: int

    @property
    def failed(self) -> bool:
        """Tell whether it fell by more than its margin and more than chance explains."""
        return self.before - self.now > self.margin and self.p < ALPHA


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says; it is passed when there is no reason not to."""

    checks: tuple[Check, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Tell whether nothing stands against it."""
        return not self.reasons


class Baseline(BaseModel):
    """A slim run: by question its digest and the gated scores, in the order of `measures`."""

    model_config = ConfigDict(extra="forbid")

    format: int
    suite: str
    encoder: str
    git_revision: str | None
    figures: Mapping[str, float]
    measures: tuple[str, ...]
    questions: Mapping[str, tuple[str | float | None, ...]]


def write_baseline(run: Run, path: Path) -> None:
    """Write what the gate needs of a run, a line a question so that a diff can be read."""
    columns = {name: column(run.outcomes, name) for name in MARGINS}
    figures = {f.measure: f.value for f in run.figures if f.slice == "all"}
    head = {
        "format": FORMAT,
        "suite": run.setup.suite,
        "encoder": f"{run.setup.encoder['model']} {run.setup.encoder['quantization']}",
        "git_revision": run.setup.git_revision,
        "figures": {name: round(value, DIGITS) for name, value in figures.items()},
        "measures": list(MARGINS),
    }
    lines = [
        f"  {json.dumps(outcome.id)}: "
        + json.dumps([outcome.digest, *(_plain(columns[name][row]) for name in MARGINS)])
        for row, outcome in enumerate(run.outcomes)
    ]
    body = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in head.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'{{\n{body},\n "questions": {{\n' + ",\n".join(lines) + "\n }\n}\n", encoding="utf-8"
    )


def read_baseline(path: Path) -> Baseline:
    """Return the baseline that `write_baseline` wrote.

    Raises:
        InputUnusable: The file can't be read, or is something else.
    """
    hint = "`citewire eval --update-baseline FILE` writes a baseline"
    try:
        baseline = Baseline.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputUnusable((at(path, None, error.strerror or str(error)),), hint) from error
    except ValidationError as error:
        first = next(reasons(error))
        raise InputUnusable((at(path, None, f"no baseline ({first})"),), hint) from error
    width = 1 + len(baseline.measures)
    wrong = [name for name, row in baseline.questions.items() if len(row) != width]
    if baseline.format != FORMAT or wrong:
        reason = f"question {wrong[0]!r} has not {width} values" if wrong else "another format"
        raise InputUnusable((at(path, None, reason),), hint)
    return baseline


def check(run: Run, baseline: Baseline) -> Verdict:
    """Return what the gate says of a run against a baseline.

    A measure fails when its mean fell by more than its margin *and* the paired test over the same
    questions says with p < 0.05 that it fell: McNemar's exact test where scores are 0 or 1, the
    paired bootstrap elsewhere.
    """
    found = list(_exactness(run))
    if differing := _not_paired(run, baseline):
        return Verdict((), (*found, differing))
    checks = tuple(_check(name, run, baseline) for name in MARGINS)
    found += [_reason(one) for one in checks if one.failed]
    return Verdict(checks, tuple(found), tuple(_notes(run, baseline)))


def _exactness(run: Run) -> list[str]:
    broken = [o.id for o in run.outcomes if o.scores.get(EXACTNESS, 1.0) < 1]
    if not broken:
        return []
    return [f"citations do not hold for {len(broken)} questions: {', '.join(broken[:5])}"]


def _not_paired(run: Run, baseline: Baseline) -> str | None:
    """Return why the questions of a run and of the baseline can't be paired; None if they can."""
    if baseline.suite != run.setup.suite:
        return f"the baseline is of suite {baseline.suite}, this run of {run.setup.suite}"
    now = {outcome.id: outcome.digest for outcome in run.outcomes}
    before = {name: str(row[0]) for name, row in baseline.questions.items()}
    if now == before and baseline.measures == tuple(MARGINS):
        return None
    stale = f" ({len(run.setup.stale)} with stale gold)" if run.setup.stale else ""
    told = (
        f"{len(now.keys() - before.keys())} are new, {len(before.keys() - now.keys())} gone{stale}",
        f"{sum(before[name] != now[name] for name in now.keys() & before.keys())} changed",
    )
    return f"the questions are not those of the baseline: {', '.join(told)}. {_UPDATE}"


def _check(name: str, run: Run, baseline: Baseline) -> Check:
    place = 1 + baseline.measures.index(name)
    rows = [baseline.questions[outcome.id][place] for outcome in run.outcomes]
    before = np.array([np.nan if row is None else row for row in rows], np.float64)
    now = column(run.outcomes, name)
    return compare_columns(name, before, now, MARGINS[name])


def compare_columns(name: str, before: Floats, now: Floats, margin: float) -> Check:
    """Return the check of one measure; a score that one side lacks counts on neither."""
    paired = ~np.isnan(before) & ~np.isnan(now)
    before, now = before[paired], now[paired]
    if not len(before):
        return Check(name, 0.0, 0.0, margin, 1.0, 0)
    if BY_NAME[name].binary:
        p = mcnemar(before, now)[1]
    else:
        p = difference(mean_of(before), mean_of(now), len(before)).p_fall
    return Check(name, float(before.mean()), float(now.mean()), margin, p, len(before))


def _reason(one: Check) -> str:
    return (
        f"{one.measure} fell from {one.before:.3f} to {one.now:.3f}, more than {one.margin:g} "
        f"(p = {one.p:.2g}, n = {one.n})"
    )


def _notes(run: Run, baseline: Baseline) -> list[str]:
    encoder = f"{run.setup.encoder['model']} {run.setup.encoder['quantization']}"
    if encoder == baseline.encoder:
        return []
    return [f"The baseline is of encoder {baseline.encoder}, this run of {encoder}."]


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
