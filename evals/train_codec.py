"""Trains the codec of token vectors: which directions of them tell an answer from its neighbours.

The encoder stays as it is. A question and the passages that are found for it, as the product finds
them, are given; learned is the projection to `REDUCED` dimensions, and how much each token of a
question counts, so that the sentence and the passage with the answer have the highest MaxSim. The
loss is the cross-entropy of the right ones among all candidates (as ListNet, Cao et al. 2007).
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evals.training_sets import Asked, TrainingSet
from index.encoder import OnnxEncoder, PassageText
from index.late_interaction import Floats, TokenCodec, pca_codec, ranged, unit
from index.passage_texts import passage_texts, splitter_of
from index.retrieve import LATE_WEIGHT, Hit, Retriever, token_weights
from index.snapshot import SplitterSpec

if TYPE_CHECKING:
    import torch

    from index.build import Progress

SEED = 7
CANDIDATES = 10
BATCH = 32
RATE = 1.5e-3
# How strongly the projection is held to where it began, the principal directions.
HOLD = 0.02
# A question of one or two tokens says too little.
_FEWEST_TOKENS = 3
_SAMPLE = 1000  # passages that principal directions and ranges are taken from


@dataclass(frozen=True, slots=True)
class Example:
    """A question and its candidates.

    Attributes:
        question: Token vectors, shape `(tokens, dimension)`.
        weights: What each token counts by its word, shape `(tokens,)`.
        passages: For each candidate its row among the passages' vectors.
        fused: The candidates' scores without late interaction, as late interaction is added.
        right: For each candidate, for each sentence, whether it has the answer.
    """

    question: Floats
    weights: Floats
    passages: tuple[int, ...]
    fused: Floats
    right: tuple[tuple[bool, ...], ...]


@dataclass(slots=True)
class Passages:
    """Token vectors of passages, encoded once, float16, and the borders of their segments."""

    encoder: OnnxEncoder
    vectors: list[NDArray[np.float16]] = field(default_factory=list)
    borders: list[tuple[int, ...]] = field(default_factory=list)
    rows: dict[PassageText, int] = field(default_factory=dict)

    def row(self, text: PassageText) -> int:
        """Return the row of a passage, encoded if it is new."""
        if text not in self.rows:
            vectors, offsets = self.encoder.token_vectors(text.text)
            starts = [span.start for span in offsets]
            firsts = [int(np.searchsorted(starts, s.start)) for s in text.sentences]
            self.rows[text] = len(self.vectors)
            self.vectors.append(unit(vectors).astype(np.float16))
            self.borders.append((*firsts, len(starts)))
        return self.rows[text]


def examples_of(
    training: TrainingSet, retriever: Retriever, encoder: OnnxEncoder, passages: Passages
) -> Iterator[Example | None]:
    """Yield an example a question; None where the candidates do not have the answer.

    Args:
        training: Articles and questions.
        retriever: Searches the articles, without late interaction.
        encoder: Gives token vectors.
        passages: Where those of candidates are kept.
    """
    splitter = splitter_of(encoder, SplitterSpec())
    known: dict[int, PassageText] = {}
    for asked in training.asked:
        hits = retriever.search(asked.question, CANDIDATES)
        for hit in hits:
            if hit.row not in known:
                article = retriever.articles.article(hit.passage.article_id)
                [known[hit.row]] = passage_texts(splitter, article, [hit.passage])
        texts = [known[hit.row] for hit in hits]
        right = tuple(map(_right, [asked] * len(hits), hits, texts))
        vectors, offsets = encoder.token_vectors(asked.question)
        if len(offsets) < _FEWEST_TOKENS or not any(map(any, right)):
            yield None
            continue
        weights = token_weights(asked.question, offsets, retriever.lexical)
        fused = np.array([hit.score / LATE_WEIGHT for hit in hits], np.float32)
        rows = tuple(map(passages.row, texts))
        yield Example(unit(vectors), weights, rows, fused, right)


def _right(asked: Asked, hit: Hit, text: PassageText) -> tuple[bool, ...]:
    shift = hit.passage.end - len(text.text)
    return tuple(
        asked.answered_by(hit.passage.article_id, s.start + shift, s.end + shift)
        for s in text.sentences
    )


def train(examples: Sequence[Example], passages: Passages, progress: "Progress") -> TokenCodec:
    """Return the codec that one pass over the examples makes, the same each time for a machine.

    Raises:
        ImportError: torch is not installed.
    """
    import torch

    sample = np.concatenate(passages.vectors[:_SAMPLE]).astype(np.float32)
    torch.manual_seed(SEED)
    model = _Model(pca_codec(sample).projection)
    steps = -(-len(examples) // BATCH)
    optimizer = torch.optim.Adam(
        [
            {"params": [model.projection], "lr": RATE},
            {"params": [model.focus, model.bias], "lr": 5e-3},
            {"params": [model.scale, model.share], "lr": 2e-2},
        ]
    )
    rates = [group["lr"] for group in optimizer.param_groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=steps)
    order = list(range(len(examples)))
    random.Random(SEED).shuffle(order)  # noqa: S311  (no secret)
    progress.stage("Training", len(examples))
    for begin in range(0, len(order), BATCH):
        some = order[begin : begin + BATCH]
        optimizer.zero_grad()
        loss = sum((model.loss(examples[i], passages) for i in some), torch.zeros(()))
        torch.autograd.backward(loss / len(some) + model.held())
        optimizer.step()
        schedule.step()
        progress.advance(len(some))
    projection = model.projection.detach().numpy()
    focus, bias = model.focus.detach().numpy(), float(model.bias.detach())
    return ranged(projection, sample, focus, bias)


class _Model:
    """What is learned; `scale` and `share`, of a passage in its sentences, serve only here."""

    def __init__(self, projection: Floats) -> None:
        import torch

        self.first = torch.from_numpy(projection.copy())
        self.projection = self.first.clone().requires_grad_()
        self.focus = torch.zeros(len(projection), requires_grad=True)
        # softplus(0.5413) is 1: at first all tokens count as their words do.
        self.bias = torch.tensor(0.5413, requires_grad=True)
        self.scale = torch.tensor(3.0, requires_grad=True)
        self.share = torch.tensor(0.5, requires_grad=True)

    def held(self) -> "torch.Tensor":
        """Return what it costs to have left the principal directions."""
        return HOLD * ((self.projection - self.first) ** 2).sum()

    def loss(self, example: Example, passages: Passages) -> "torch.Tensor":
        """Return the cross-entropy of the right sentences, plus that of the right passages."""
        import torch
        from torch.nn.functional import normalize, softplus

        question = torch.from_numpy(example.question)
        weights = torch.from_numpy(example.weights) * softplus(question @ self.focus + self.bias)
        weights = weights / weights.sum()
        reduced = normalize(question @ self.projection, dim=1)
        sentences, owners, right, whole = [], [], [], []
        for place, row in enumerate(example.passages):
            tokens = torch.from_numpy(passages.vectors[row]).float()
            cosines = reduced @ normalize(tokens @ self.projection, dim=1).T
            whole.append(cosines.amax(dim=1))
            for (a, b), good in zip(
                pairwise(passages.borders[row]), example.right[place], strict=True
            ):
                if b > a:
                    sentences.append(cosines[:, a:b].amax(dim=1))
                    owners.append(place)
                    right.append(good)
        of_passages = torch.stack(whole) @ weights + torch.from_numpy(example.fused)
        of_sentences = torch.stack(sentences) @ weights + self.share * of_passages[owners]
        good_passages = torch.tensor([any(some) for some in example.right])
        scale = self.scale.exp()
        total = _surprise(scale * of_sentences, torch.tensor(right))
        return total + _surprise(scale * of_passages, good_passages)


def _surprise(logits: "torch.Tensor", right: "torch.Tensor") -> "torch.Tensor":
    """Return minus the logarithm of the share of the right ones; 0 where none is."""
    if not right.any():
        return logits.sum() * 0
    return logits.logsumexp(0) - logits[right].logsumexp(0)
