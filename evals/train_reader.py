"""Trains the reader: the encoder's own weights, reading question and passage together.

All layers learn, with two heads: whether the passage has the answer, from [CLS], and where it
begins and ends (as BERT does for SQuAD 2.0, Devlin et al. 2019). The loss is the binary
cross-entropy of the former plus, where there is an answer, the mean cross-entropy of its ends.
The rate rises, stays, and falls over the last `DECAY` of the steps. A run that was cut off goes on
from its last checkpoint. It runs on a GPU where there is one.
"""

import json
import logging
import random
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from transformers import BertModel

from evals.abstention import auroc
from evals.reading_examples import Example, shortest
from index.reader import MAX_TOKENS

if TYPE_CHECKING:
    from index.build import Progress

SEED = 7
# Tokens of a batch, padding included: some 32 examples.
BATCH_TOKENS = 5120
# The latter where a reader that was trained before is trained further.
RATE, RATE_AFTER = 1.2e-4, 6e-5
WARM, DECAY = 0.04, 0.4
SAVE_EVERY = 100
# Of the questions kept apart so many are read at each checkpoint.
_WATCHED = 500
CHECKPOINT, SCORES = "checkpoint.pt", "scores.jsonl"
# Examples of like length are put together out of this many, drawn at random.
_POOL = 4096
_FORBIDDEN = -1e4


@dataclass(frozen=True, slots=True)
class Pair:
    """A question beside a passage in tokens; `start` and `end`, its last, are -1 without answer."""

    ids: tuple[int, ...]
    passage: int
    start: int
    end: int


class ReaderModel(torch.nn.Module):
    """The encoder with the heads of a reader."""

    def __init__(self, folder: Path) -> None:
        """Take the weights of a sentence-transformers model; the heads begin at nothing."""
        super().__init__()
        self.bert = BertModel.from_pretrained(
            folder,
            add_pooling_layer=False,
            attn_implementation="eager",  # in bf16 on a processor four times as fast as sdpa
            attention_probs_dropout_prob=0.0,  # drawing them would take a sixth of the time
        )
        size = self.bert.config.hidden_size
        self.ends = torch.nn.Linear(size, 2)
        self.there = torch.nn.Linear(size, 1)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logit of the answer being there, `(pairs,)`, and of starts and ends.

        The latter have shape `(pairs, tokens, 2)`.
        """
        states = self.bert(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        return self.there(states[:, 0]).squeeze(-1), self.ends(states)


def pairs_of(examples: Sequence[Example], tokenizer: Tokenizer) -> list[Pair]:
    """Return examples in tokens; those whose answer lies beyond the window are left out."""
    pairs = []
    encodings = tokenizer.encode_batch([(one.question, one.text) for one in examples])
    for one, encoding in zip(examples, encodings, strict=True):
        ids, types = encoding.ids[:MAX_TOKENS], encoding.type_ids[:MAX_TOKENS]
        passage, start, end = types.index(1), -1, -1
        if one.spans:
            a, b = shortest(one.spans)
            first, last = encoding.char_to_token(a, 1), encoding.char_to_token(b - 1, 1)
            if first is None or last is None or last >= len(ids):
                continue
            start, end = first, last
        pairs.append(Pair(tuple(ids), passage, start, end))
    return pairs


def batches(pairs: Sequence[Pair], chance: random.Random) -> Iterator[list[Pair]]:
    """Yield all pairs once, at random, those of like length together."""
    order = list(pairs)
    chance.shuffle(order)
    for begin in range(0, len(order), _POOL):
        pool = sorted(order[begin : begin + _POOL], key=lambda pair: len(pair.ids))
        made: list[list[Pair]] = [[]]
        for pair in pool:
            if len(pair.ids) * (len(made[-1]) + 1) > BATCH_TOKENS:
                made.append([])
            made[-1].append(pair)
        chance.shuffle(made)
        yield from made


def tensors(batch: Sequence[Pair]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return token ids, mask and types of a batch, each of shape `(pairs, tokens)`."""
    shape = len(batch), max(len(pair.ids) for pair in batch)
    ids, mask, types = (np.zeros(shape, np.int64) for _ in range(3))
    for row, pair in enumerate(batch):
        ids[row, : len(pair.ids)] = pair.ids
        mask[row, : len(pair.ids)] = 1
        types[row, pair.passage : len(pair.ids)] = 1
    return torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(types)


def loss_of(model: ReaderModel, batch: Sequence[Pair], device: torch.device) -> torch.Tensor:
    """Return the mean loss of a batch."""
    ids, mask, types = (one.to(device) for one in tensors(batch))
    with torch.autocast(device.type, torch.bfloat16):
        there, ends = model(ids, mask, types)
    there, ends = there.float(), ends.float()
    right = torch.tensor([float(pair.start >= 0) for pair in batch], device=device)
    total = binary_cross_entropy_with_logits(there, right)
    ends = ends.masked_fill(~inner(mask, types).unsqueeze(-1), _FORBIDDEN)
    known = right.bool()
    if known.any():
        targets = torch.tensor([[p.start, p.end] for p in batch], device=device)[known]
        spans = ends[known].transpose(1, 2).reshape(-1, ends.shape[1])
        total = total + cross_entropy(spans, targets.reshape(-1)) * known.float().mean()
    return total


def inner(mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
    """Return which tokens are the passage's own, its [SEP] left out, `(pairs, tokens)`."""
    inside = (types * mask).bool()
    return inside & torch.roll(inside, -1, dims=1)


def rate_at(step: int, steps: int, rate: float) -> float:
    """Return the rate of a step, from 0 of `steps`, `rate` at most."""
    share = (step + 1) / steps
    return rate * min(1.0, share / WARM, max(0.0, (1 - share) / DECAY) + 1e-3)


def begin_as(work: Path, model: ReaderModel) -> None:
    """Give a model the weights that a run in a work folder came to.

    Raises:
        OSError: There is no checkpoint.
    """
    model.load_state_dict(_read(work / CHECKPOINT)["model"])


def train(
    pairs: Sequence[Pair],
    held: Sequence[Pair],
    model: ReaderModel,
    work: Path,
    progress: "Progress",
    *,
    rate: float = RATE,
) -> dict[str, float]:
    """Train a reader by one pass over the pairs; return its scores on those kept apart.

    Args:
        pairs: What it learns from.
        held: What it is watched on, from other articles; may be empty.
        model: Learns; afterwards it is in evaluation mode.
        work: Checkpoints and the scores by step are kept here; a cut-off run on the same pairs
            that began as the same encoder goes on from there.
        progress: Told how far it is.
        rate: The highest rate.
    """
    torch.manual_seed(SEED)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    plan = list(batches(pairs, random.Random(SEED)))  # noqa: S311  (no secret)
    identity = _identity(plan, model)
    model.to(device).train()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True
    )
    run = _Run(model, optimizer, work, identity)
    begin = run.resume()
    progress.stage("Training the reader", len(plan))
    progress.advance(begin)
    watched = sorted(held, key=lambda pair: _digest([[pair]]))[:_WATCHED]
    losses = list[float]()
    scores = dict[str, float]()
    for step in range(begin, len(plan)):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, len(plan), rate)
        loss = loss_of(model, plan[step], device)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
        progress.advance(1)
        done = step + 1
        if done % SAVE_EVERY == 0 or done == len(plan):
            scores = {"loss": float(np.mean(losses[-SAVE_EVERY:])), **score(model, watched)}
            run.save(done, scores)
    model.cpu().eval()
    return scores


@dataclass(frozen=True, slots=True)
class _Run:
    """A training run on disk; `plan` tells whose checkpoint it is."""

    model: ReaderModel
    optimizer: torch.optim.Optimizer
    work: Path
    plan: str

    def resume(self) -> int:
        """Take up the checkpoint, if there is one of this plan; return the steps that are done."""
        path = self.work / CHECKPOINT
        if not path.is_file():
            return 0
        kept = _read(path)
        if kept["plan"] != self.plan:
            return 0
        self.model.load_state_dict(kept["model"])
        self.optimizer.load_state_dict(kept["optimizer"])
        return int(kept["steps"])

    def save(self, steps: int, scores: dict[str, float]) -> None:
        """Keep all that is needed to go on, and note the scores."""
        self.work.mkdir(parents=True, exist_ok=True)
        new = self.work / f"{CHECKPOINT}.new"
        kept = {
            "plan": self.plan,
            "steps": steps,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(kept, new)
        new.replace(self.work / CHECKPOINT)
        with (self.work / SCORES).open("a", encoding="utf-8") as log:
            log.write(json.dumps({"steps": steps, **scores}) + "\n")


def _read(checkpoint: Path) -> dict[str, Any]:
    """Return a checkpoint, also one of a GPU where there is none."""
    kept: dict[str, Any] = torch.load(checkpoint, weights_only=True, map_location="cpu")
    return kept


@torch.no_grad()
def score(model: ReaderModel, pairs: Sequence[Pair]) -> dict[str, float]:
    """Return how well a model tells which pairs have an answer, and how often it begins right."""
    if not pairs:
        return {}
    device = next(model.parameters()).device
    logits, hits = list[float](), list[bool]()
    for batch in _chunks(pairs):
        ids, mask, types = (one.to(device) for one in tensors(batch))
        with torch.autocast(device.type, torch.bfloat16):
            there, ends = model(ids, mask, types)
        logits += there.float().tolist()
        begins = ends[..., 0].float().masked_fill(~inner(mask, types), _FORBIDDEN).argmax(dim=1)
        hits += [
            begin == pair.start
            for pair, begin in zip(batch, begins.tolist(), strict=True)
            if pair.start >= 0
        ]
    right = np.array([pair.start >= 0 for pair in pairs])
    return {
        "auroc": round(auroc(np.array(logits), right), 4),
        "begins_right": round(float(np.mean(hits)), 4) if hits else float("nan"),
    }


def export(model: ReaderModel, path: Path) -> None:
    """Write a model as int8 ONNX.

    Seven bits a weight, so that it computes the same on processors without VNNI.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    names = ("input_ids", "attention_mask", "token_type_ids")
    sample = torch.ones(2, 16, dtype=torch.long)
    axes = {name: {0: "pairs", 1: "tokens"} for name in (*names, "ends")} | {"there": {0: "pairs"}}
    plain = path.with_suffix(".fp32.onnx")
    with warnings.catch_warnings():
        # The other exporter wants onnxscript, for the same graph.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (sample, sample, sample),
            plain,
            input_names=list(names),
            output_names=["there", "ends"],
            dynamic_axes=axes,
            dynamo=False,
        )
    with _silent_root():  # it advises a step that changes nothing here
        quantize_dynamic(
            plain,
            path,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            extra_options={"MatMulConstBOnly": True},
        )
    plain.unlink()


@contextmanager
def _silent_root() -> Iterator[None]:
    """Let only errors through the root logger for a while."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def _chunks(pairs: Sequence[Pair], size: int = 32) -> Iterator[Sequence[Pair]]:
    for begin in range(0, len(pairs), size):
        yield pairs[begin : begin + size]


def _digest(plan: Sequence[Sequence[Pair]]) -> str:
    digest = sha256()
    for batch in plan:
        for pair in batch:
            digest.update(np.array([*pair.ids, pair.start, pair.end], np.int32).tobytes())
    return digest.hexdigest()


def _identity(plan: Sequence[Sequence[Pair]], model: ReaderModel) -> str:
    """Return what tells a run from others: its batches, and the encoder that it begins as."""
    digest = sha256(_digest(plan).encode())
    for weights in model.bert.state_dict().values():
        digest.update(weights.numpy().tobytes())
    return digest.hexdigest()
