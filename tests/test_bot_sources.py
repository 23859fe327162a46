from bot.sources import clusters
from corpus.article import Article

WORDS = [f"w{n}" for n in range(40)]


def article(name: str, words: list[str]) -> Article:
    return Article(name, "", " ".join(words))


def test_articles_on_different_things_are_clusters_of_their_own() -> None:
    found = clusters([article("a", WORDS[:20]), article("b", WORDS[20:])])
    assert found == {"a": "a", "b": "b"}


def test_a_copy_has_the_cluster_of_the_first() -> None:
    assert clusters([article("b", WORDS), article("a", WORDS)]) == {"b": "b", "a": "b"}


def test_a_story_with_a_new_end_is_a_copy() -> None:
    """17 runs of four each; they share the 10 of the first 13 words: 10 / 24 = 0.417."""
    long, edited = article("a", WORDS[:20]), article("b", WORDS[:13] + WORDS[20:27])
    assert clusters([long, edited]) == {"a": "a", "b": "a"}


def test_a_story_with_little_in_common_is_none() -> None:
    """They share the 9 runs of the first 12 words: 9 / 25 = 0.36."""
    long, other = article("a", WORDS[:20]), article("b", WORDS[:12] + WORDS[20:28])
    assert clusters([long, other]) == {"a": "a", "b": "b"}


def test_copies_of_copies_are_one_cluster_whatever_the_order() -> None:
    """Each shares 10 of its 17 runs with the next; the first and the last share 3 of 31."""
    chain = [article(str(n), WORDS[7 * n : 7 * n + 20]) for n in range(3)]
    assert clusters([chain[0], chain[2]]) == {"0": "0", "2": "2"}
    assert clusters(chain) == {"0": "0", "1": "0", "2": "0"}
    assert clusters([chain[0], chain[2], chain[1]]) == {"0": "0", "2": "0", "1": "0"}
    assert clusters([chain[2], chain[0], chain[1]]) == {"2": "2", "0": "2", "1": "2"}


def test_case_accents_and_endings_make_no_difference() -> None:
    found = clusters(
        [Article("a", "", "Café prices rose again"), Article("b", "", "CAFE price ROSE again!")]
    )
    assert found == {"a": "a", "b": "a"}


def test_texts_shorter_than_a_run_are_compared_whole() -> None:
    found = clusters([article("a", ["tea"]), article("b", ["tea"]), article("c", ["rain"])])
    assert found == {"a": "a", "b": "a", "c": "c"}


def test_no_articles_are_no_clusters() -> None:
    assert clusters([]) == {}
