"""A WordNet of a few meanings, in files as wndb(5WN) describes them."""

from collections.abc import Sequence
from pathlib import Path

# A meaning: its words, and what it is linked to: a symbol and the place in this list.
Meaning = tuple[Sequence[str], Sequence[tuple[str, int]]]
NOUNS: tuple[Meaning, ...] = (
    (("vehicle",), (("~", 1), ("~", 2), ("~", 3))),
    (("truck", "lorry", "motor_vehicle"), (("@", 0),)),
    (("tractor",), (("@", 0),)),
    (("bus",), (("@", 0),)),
    (("film", "movie"), ()),
    (("city", "metropolis"), (("@", 6),)),
    (("place",), (("~", 5),)),
)
VERBS: tuple[Meaning, ...] = (
    (("buy", "purchase"), (("!", 1),)),
    (("sell",), (("!", 0),)),
    (("pass_over", "cross"), ()),
)
ADJECTIVES: tuple[Meaning, ...] = (
    (("hot(p)",), (("!", 1),)),
    (("cold",), (("!", 0), ("&", 2))),
    (("icy",), (("&", 1),)),
)


def write_wordnet(folder: Path) -> Path:
    """Write the dictionary into a folder, and return that."""
    folder.mkdir(parents=True, exist_ok=True)
    for sort, letter, meanings in (
        ("noun", "n", NOUNS),
        ("verb", "v", VERBS),
        ("adj", "a", ADJECTIVES),
    ):
        places = [0]
        for meaning in meanings:
            places.append(places[-1] + len(_line(meaning, letter, [0] * 9)))
        data = "".join(_line(meaning, letter, places) for meaning in meanings)
        (folder / f"data.{sort}").write_text(data, "utf-8")
        index = ["  1 This software is not WordNet.\n"]
        for (words, _), place in zip(meanings, places, strict=False):
            for word in words:
                name = word.partition("(")[0]
                index.append(f"{name} {letter} 1 2 @ ~ 1 1 {place:08d}  \n")
        (folder / f"index.{sort}").write_text("".join(index), "utf-8")
    return folder


def _line(meaning: Meaning, letter: str, places: Sequence[int]) -> str:
    words, links = meaning
    named = " ".join(f"{word} 0" for word in words)
    linked = "".join(f" {symbol} {places[to]:08d} {letter} 0000" for symbol, to in links)
    return f"{0:08d} 00 {letter} {len(words):02x} {named} {len(links):03d}{linked} | what it is\n"
