"""How probable it is that the evidence answers the question: a logistic model of a few signals.

Its weights stand in `confidence.json`, with what they were fitted on; `citewire eval calibrate`
fits them anew. What each signal tells, and what similarity can't, is in docs/decisions/0013.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import exp
from pathlib import Path

from bot.errors import ConfidenceUnusable
from bot.evidence import Evidence
from bot.presupposed import Presupposed
from bot.reading import PassageRead, read_of

WEIGHTS_FILE = Path(__file__).with_name("confidence.json")
# The weights are apart where there is a reader, else where there is late interaction.
WITH_READER, WITH_LATE, PLAIN = "with_reader", "with_late_interaction", "plain"


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for and against an answer. What was not looked at is 0.

    Attributes:
        there: The reader's logit of the answer being in the passage of the best sentence.
        elsewhere: How much higher that of another passage is, at least 0.
        sure: The reader's probability, 0 to 1, of the words that it takes for the answer.
        placed: That of the answer beginning in the best sentence.
        late: MaxSim of the question and the best sentence.
        cosine: Of the question and the passage.
        coverage: The share of the question's weighted terms that the sentence has.
        year: 1 where the question names a year that the passage does not know.
        number: The same of a number.
        name: The same of a name.
    """

    there: float
    elsewhere: float
    sure: float
    placed: float
    late: float
    cosine: float
    coverage: float
    year: float
    number: float
    name: float


@dataclass(frozen=True, slots=True)
class Weights:
    """A fitted model: what each signal counts, and the threshold that suits it.

    `calibrated` tells whether its probabilities held, on questions that it was not fitted on.
    """

    intercept: float
    signals: Mapping[str, float]
    threshold: float
    calibrated: bool


def signals_of(
    best: Evidence, reads: Sequence[PassageRead], missing: Sequence[Presupposed]
) -> Signals:
    """Return the signals of an answer that rests on `best`.

    Args:
        best: The sentence that would be cited first.
        reads: What the reader made of the passages; none where there is no reader.
        missing: What the question takes for granted and the passage lacks.
    """
    read, known = read_of(best, reads), best.features
    kinds = {one.kind for one in missing}
    highest = max((other.reading.there for other in reads), default=0.0)
    there = read.reading.there if read else highest
    return Signals(
        there=there,
        elsewhere=max(0.0, highest - there) if reads else 0.0,
        sure=read.reading.sure if read else 0.0,
        placed=read.begins_in(best.span) if read else 0.0,
        late=known.late,
        cosine=known.cosine,
        coverage=known.coverage,
        year=float("year" in kinds),
        number=float("number" in kinds),
        name=float("name" in kinds),
    )


def kind_of(*, reader: bool, late: bool) -> str:
    """Return which weights apply."""
    return WITH_READER if reader else WITH_LATE if late else PLAIN


def judge(signals: Signals, weights: Weights) -> float:
    """Return the probability, 0 to 1, that the best sentence answers the question.

    The logistic function of the weighted sum of the signals (Platt 1999, of several).
    """
    known = asdict(signals)
    logit = weights.intercept + sum(known[name] * w for name, w in weights.signals.items())
    return 1 / (1 + exp(-max(-30.0, min(30.0, logit))))


def read_weights(path: Path = WEIGHTS_FILE) -> dict[str, Weights]:
    """Return the models of a file, by kind.

    Raises:
        ConfidenceUnusable: It is not what `citewire eval calibrate` writes.
    """
    try:
        return {
            kind: Weights(
                float(record["intercept"]),
                {str(name): float(weight) for name, weight in record["signals"].items()},
                float(record["threshold"]),
                bool(record["calibrated"]),
            )
            for kind, record in json.loads(path.read_bytes())["models"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfidenceUnusable(path, repr(error)) from error
