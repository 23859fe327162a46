"""Pairs of sentences, the first saying the second too or not, as a reader's examples.

They are JSON lines `{"sentence", "hypothesis", "label"}`, the label one of `entailment`, `neutral`
and `contradiction`, as in SNLI and MultiNLI. The hypothesis is the question: the sentence as a
whole answers it, or does not.
"""

import random
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from evals.cases import reasons
from evals.errors import InputUnusable, at
from evals.reading_examples import Example, balanced
from evals.rewording import worse
from evals.training_sets import lines_of


class _Pair(BaseModel):
    sentence: str
    hypothesis: str
    label: Literal["entailment", "neutral", "contradiction"]


@dataclass(frozen=True, slots=True)
class EntailmentSet:
    """Pairs of sentences, with what names their file."""

    name: str
    sha256: str
    pairs: tuple[_Pair, ...]

    def examples(self, chance: random.Random) -> list[Example]:
        """Return examples of which as many have an answer as not."""
        found = list[Example]()
        for one in self.pairs:
            spans = ((0, len(one.sentence)),) if one.label == "entailment" else ()
            found.append(Example(worse(one.hypothesis, chance), one.sentence, spans))
        return balanced(found, chance)


def has_entailment(path: Path) -> bool:
    """Tell whether a file has pairs of sentences, not questions, by its first line.

    Raises:
        InputUnusable: The file can't be read.
    """
    _, lines = lines_of(path)
    return bool(lines) and '"hypothesis"' in lines[0][1]


def load_entailment(path: Path) -> EntailmentSet:
    """Return the pairs of a `.jsonl.gz` file that have both sentences.

    Raises:
        InputUnusable: The file can't be read, or a line is wrong; it names file, line and reason.
    """
    raw, lines = lines_of(path)
    pairs = list[_Pair]()
    for number, line in lines:
        try:
            pairs.append(_Pair.model_validate_json(line))
        except ValidationError as error:
            problems = tuple(at(path, number, reason) for reason in reasons(error))
            raise InputUnusable(problems) from error
    name = path.name.removesuffix(".gz").removesuffix(".jsonl")
    said = tuple(one for one in pairs if one.sentence.strip() and one.hypothesis.strip())
    return EntailmentSet(name, sha256(raw).hexdigest(), said)
