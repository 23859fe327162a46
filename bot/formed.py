"""English words that are formed of others: with an ending, a beginning, or of two."""

from collections.abc import Callable

from bot.english import BEGINNINGS, ENDINGS

# Letters that a word has at least which others are formed of.
_LEAST = 4


def is_formed(word: str, is_common: Callable[[str], bool]) -> bool:
    """Tell whether a word is a common one, or formed of such: `helpers`, `pregame`, `unspent`.

    Args:
        word: In lower case.
        is_common: Tells of a word in lower case whether it is a common one.
    """
    if _is_inflected(word, is_common):
        return True
    without = [word.removeprefix(one) for one in BEGINNINGS if word.startswith(one)]
    if any(len(rest) >= _LEAST and _is_inflected(rest, is_common) for rest in without):
        return True
    places = range(_LEAST, len(word) - _LEAST + 1)
    return any(is_common(word[:place]) and is_common(word[place:]) for place in places)


def _is_inflected(word: str, is_common: Callable[[str], bool]) -> bool:
    if is_common(word):
        return True
    stems = [word.removesuffix(one) for one in ENDINGS if word.endswith(one)]
    return any(len(stem) >= _LEAST and _is_stem(stem, is_common) for stem in stems)


def _is_stem(stem: str, is_common: Callable[[str], bool]) -> bool:
    """Tell whether a word is common as it is, with its `e` or `y` again, or not doubled."""
    forms = [stem, f"{stem}e"]
    if stem[-1] == stem[-2]:
        forms.append(stem[:-1])
    if stem.endswith("i"):
        forms.append(f"{stem[:-1]}y")
    return any(map(is_common, forms))
