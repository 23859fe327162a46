from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus.article import Article
from corpus.passages import Splitter

Counter = Callable[[Sequence[str]], list[int]]


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def count_characters(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


def count_bytes(texts: Sequence[str]) -> list[int]:
    return [len(text.encode()) for text in texts]


COUNTERS = st.sampled_from([count_words, count_characters, count_bytes])
TEXTS = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("    \n\n.!?aAbB1。")), max_size=400
)


def article(text: str, title: str = "") -> Article:
    return Article("a", title, text)


def pieces(text: str, splitter: Splitter) -> list[str]:
    return [text[p.start : p.end] for p in splitter.split(article(text))]


@settings(deadline=None)
@given(
    text=TEXTS,
    title=st.text(max_size=60),
    count=COUNTERS,
    target=st.integers(8, 40),
    overlap=st.integers(0, 3),
)
@example(text="word " * 300, title="t", count=count_words, target=8, overlap=2)
@example(text="x" * 500, title="y" * 90, count=count_characters, target=9, overlap=1)
@example(text="界" * 200, title="界" * 50, count=count_bytes, target=10, overlap=0)
def test_passages_are_slices_in_order_that_fit_and_cover_all(
    text: str, title: str, count: Counter, target: int, overlap: int
) -> None:
    whole = article(text, title)
    splitter = Splitter(
        count, 48, passage_tokens=target, overlap_sentences=overlap, title_tokens=12
    )
    passages = splitter.split(whole)
    assert passages == splitter.split(whole)
    assert [p.ordinal for p in passages] == list(range(len(passages)))
    assert [p.start for p in passages] == sorted({p.start for p in passages})
    assert [p.end for p in passages] == sorted({p.end for p in passages})
    covered: set[int] = set()
    for passage in passages:
        body = text[passage.start : passage.end]
        assert body == body.strip() != ""
        embedded = splitter.embedded_text(whole, passage)
        assert embedded.endswith(body)
        assert count([embedded])[0] + splitter.special_tokens <= splitter.max_tokens
        covered.update(range(passage.start, passage.end))
    assert all(n in covered or character.isspace() for n, character in enumerate(text))


def test_a_passage_holds_whole_sentences() -> None:
    """Three words a sentence, ten a passage: three sentences fit."""
    text = "One two three. " * 6
    splitter = Splitter(count_words, 60, passage_tokens=10)
    assert pieces(text, splitter) == ["One two three. One two three. One two three."] * 2


def test_the_last_two_passages_are_balanced() -> None:
    """7 sentences of 3 words, 18 a passage: 6 + 1 would leave a tiny one, so 4 + 3 (or 3 + 4)."""
    splitter = Splitter(count_words, 60, passage_tokens=18)
    sizes = [len(piece.split()) for piece in pieces("One two three. " * 7, splitter)]
    assert sorted(sizes) == [9, 12]


def test_a_passage_ends_with_a_paragraph_when_half_full() -> None:
    text = "One two three four. Five six seven eight.\n\nNine ten eleven. Twelve more words here."
    splitter = Splitter(count_words, 60, passage_tokens=12)
    assert pieces(text, splitter)[0] == "One two three four. Five six seven eight."


def test_a_heading_opens_a_passage_and_does_not_close_one() -> None:
    text = "One two three four five six.\n\nA heading\nSeven eight nine ten eleven twelve."
    splitter = Splitter(count_words, 60, passage_tokens=9)
    assert pieces(text, splitter)[1].startswith("A heading\n")


def test_a_long_sentence_is_cut_at_words_into_even_parts() -> None:
    """20 words, 8 a passage: three parts of at most ceil(20 / 3) = 7."""
    splitter = Splitter(count_words, 60, passage_tokens=8)
    parts = pieces(" ".join(f"w{n}" for n in range(20)), splitter)
    assert [len(part.split()) for part in parts] == [7, 7, 6]


def test_a_script_without_spaces_is_cut_at_characters() -> None:
    splitter = Splitter(count_characters, 60, passage_tokens=10)
    parts = pieces("あいうえおかきくけこさしすせそ", splitter)
    assert parts == ["あいうえおかきく", "けこさしすせそ"]


def test_overlap_repeats_the_last_sentences_while_they_fit() -> None:
    text = "The ant ran. The bee hid. The cat sat. The dog lay."
    splitter = Splitter(count_words, 60, passage_tokens=8, overlap_sentences=1)
    assert pieces(text, splitter) == [
        "The ant ran. The bee hid.",
        "The bee hid. The cat sat. The dog lay.",
    ]


def test_a_long_title_is_cut_at_words() -> None:
    splitter = Splitter(count_words, 60, passage_tokens=10, title_tokens=3)
    story = article("Text.", "one two three four five")
    assert splitter.embedded_text(story, splitter.split(story)[0]) == "one two three\nText."


def test_without_a_title_the_passage_stands_alone() -> None:
    splitter = Splitter(count_words, 60, passage_tokens=20)
    story = article("Text.")
    assert splitter.embedded_text(story, splitter.split(story)[0]) == "Text."


def test_a_blank_text_has_no_passages() -> None:
    assert Splitter(count_words, 60, passage_tokens=20).split(article(" \n ")) == ()


def test_sentences_of_an_article_are_counted_in_one_call() -> None:
    calls: list[int] = []

    def count(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return count_words(texts)

    Splitter(count, 60, passage_tokens=10).split(article("One two. " * 50, "T"))
    assert max(calls) == 50
    assert len(calls) <= 3


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"max_tokens": 20, "title_tokens": 16}, "leaves 1 for a passage"),
        ({"max_tokens": 100, "passage_tokens": 101}, "101, the window only 100"),
        ({"max_tokens": 200, "overlap_sentences": -1}, "negative"),
    ],
)
def test_a_splitter_that_cannot_work_is_refused(settings: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Splitter(count_words, **settings)
