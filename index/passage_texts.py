"""What the encoder sees of passages: when they are indexed, and again where tokens are needed."""

from collections.abc import Sequence
from hashlib import sha256

from corpus.article import Article, Passage, Span, spans_within
from corpus.passages import Splitter
from corpus.sentences import split_sentences
from index.encoder import Encoder, PassageText
from index.snapshot import SplitterSpec


def splitter_of(encoder: Encoder, spec: SplitterSpec) -> Splitter:
    """Return what cuts articles for an encoder."""
    return Splitter(
        encoder.count_tokens,
        max_tokens=encoder.spec.max_tokens,
        special_tokens=encoder.special_tokens,
        passage_tokens=spec.passage_tokens,
        overlap_sentences=spec.overlap_sentences,
        title_tokens=spec.title_tokens,
    )


def passage_texts(
    splitter: Splitter, article: Article, passages: Sequence[Passage]
) -> list[PassageText]:
    """Return what the encoder sees of passages of one article, in their order."""
    sentences = split_sentences(article.text, article.language)
    texts = splitter.embedded_texts(article, passages)
    return [
        PassageText(text, _shifted(sentences, passage, len(text)))
        for passage, text in zip(passages, texts, strict=True)
    ]


def text_hash(passage: PassageText) -> bytes:
    """Return what a vector is cached by: the text, and where its sentences are."""
    bounds = ",".join(f"{span.start}-{span.end}" for span in passage.sentences)
    return sha256(f"{bounds}\n{passage.text}".encode()).digest()


def _shifted(sentences: Sequence[Span], passage: Passage, length: int) -> tuple[Span, ...]:
    """Return a passage's sentences in its embedded text, which ends with the passage."""
    shift = length - passage.end
    inside = spans_within(sentences, passage.start, passage.end)
    return tuple(Span(span.start + shift, span.end + shift) for span in inside)
