"""Two runs of one suite, question by question."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from evals.bootstrap import difference, mcnemar
from evals.errors import InputUnusable
from evals.figures import (
    ALL,
    MEASURES,
    Measure,
    column,
    count_of,
    slices_of,
    statistic_of,
)
from evals.runs import Outcome, Run

_DOCUMENTS = ["document_success@1", "document_ndcg@10"]


@dataclass(frozen=True, slots=True)
class Change:
    """One measure over one slice in both runs, on the questions that both asked.

    `low` and `high` are the 95 % interval of `difference`, None where no resample has it. `p` is
    two-sided: McNemar's exact test where `test` is "mcnemar", else the paired bootstrap.
    """

    measure: str
    slice: str
    before: float
    after: float
    difference: float
    low: float | None
    high: float | None
    p: float
    test: str
    n: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A question whose main scores differ; `change` is their sum after less that before.

    Where passages and answers are not judged, those of documents stand in.
    """

    before: Outcome
    after: Outcome
    change: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two runs.

    Attributes:
        before: The setup of the first run, as it differs from the second.
        after: The setup of the second.
        paired: How many questions both runs asked alike.
        unpaired: Ids of those that only one asked, or that were changed.
        changes: By measure over all questions, then by slice for the main ones.
        pairs: The questions that changed, worst first.
    """

    before: dict[str, object]
    after: dict[str, object]
    paired: int
    unpaired: tuple[str, ...]
    changes: tuple[Change, ...]
    pairs: tuple[Pair, ...]

    def record(self) -> dict[str, object]:
        """Return it as what `json.dumps` takes."""
        return asdict(self)


def compare_runs(before: Run, after: Run) -> Comparison:
    """Return what differs between two runs, on the questions that both asked alike.

    Raises:
        InputUnusable: They have no question in common.
    """
    others = {outcome.id: outcome for outcome in after.outcomes}
    pairs = [
        (one, others[one.id])
        for one in before.outcomes
        if one.id in others and others[one.id].digest == one.digest
    ]
    if not pairs:
        names = f"{before.setup.suite} and {after.setup.suite}"
        raise InputUnusable((f"the runs ({names}) have no question in common",))
    ids = {one.id for one, _ in pairs}
    every = dict.fromkeys([*(o.id for o in before.outcomes), *others])
    differing = _differing(before, after)
    return Comparison(
        before={name: pair[0] for name, pair in differing.items()},
        after={name: pair[1] for name, pair in differing.items()},
        paired=len(pairs),
        unpaired=tuple(name for name in every if name not in ids),
        changes=tuple(_changes([one for one, _ in pairs], [other for _, other in pairs])),
        pairs=tuple(_changed(pairs)),
    )


def _differing(before: Run, after: Run) -> dict[str, tuple[object, object]]:
    """Return the fields of the setups that differ, by name."""
    one, other = asdict(before.setup), asdict(after.setup)
    return {name: (one[name], other[name]) for name in one if one[name] != other[name]}


def _changes(before: Sequence[Outcome], after: Sequence[Outcome]) -> Iterator[Change]:
    rows = {outcome.id: row for row, outcome in enumerate(before)}
    for measure in MEASURES:
        yield from _change(measure, ALL, before, after)
    for name, some in slices_of(before).items():
        others = [after[rows[outcome.id]] for outcome in some]
        for measure in MEASURES:
            if measure.main:
                yield from _change(measure, name, some, others)


def _change(
    measure: Measure, name: str, before: Sequence[Outcome], after: Sequence[Outcome]
) -> Iterator[Change]:
    """Yield the change of one measure over one slice; nothing where a run lacks it."""
    n = min(count_of(measure, before), count_of(measure, after))
    if not n:
        return
    one, other = statistic_of(measure, before), statistic_of(measure, after)
    found = difference(one, other, len(before))
    rows = np.arange(len(before))[None, :]
    p, test = found.p, "bootstrap"
    if measure.binary:
        p, test = mcnemar(column(before, measure.name), column(after, measure.name))[0], "mcnemar"
    bounds = [None if np.isnan(bound) else bound for bound in (found.low, found.high)]
    yield Change(
        measure.name, name, float(one(rows)[0]), float(other(rows)[0]), found.value,
        bounds[0], bounds[1], p, test, n,
    )  # fmt: skip


def _changed(pairs: Sequence[tuple[Outcome, Outcome]]) -> list[Pair]:
    """Return the questions whose main scores differ, worst first, ties in their order."""
    judged = {name for one, _ in pairs for name in one.scores}
    main = [measure.name for measure in MEASURES if measure.main and measure.name in judged]
    main = main or _DOCUMENTS
    found = []
    for before, after in pairs:
        gains = [
            after.scores[name] - before.scores[name]
            for name in main
            if name in before.scores and name in after.scores
        ]
        if any(gains):
            found.append(Pair(before, after, round(sum(gains), 6)))
    return sorted(found, key=lambda pair: pair.change)
