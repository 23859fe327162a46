"""Names and noun phrases of an English sentence, found by its function words and capitals.

No tagger: the words that join (`of`, `does`, `when`) are few and known, and what stands between
them is a phrase. Enough to say what a question is about; not a parser.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.english import (
    ADJUNCT,
    AUXILIARIES,
    BE,
    BREAKS,
    DATES,
    DETERMINERS,
    FUNCTION_WORDS,
    GENERIC,
    NO_ADVERBS,
    RELATIVE,
    VERBS,
)

# With more words of its own than this a question leans on nothing, as a rule.
_MANY_WORDS = 5
_LOOK_BACK = 4
_LONG_TOPIC = 8  # words
_TOKEN = re.compile(r"(?<!\w)[A-Z]\.(?=\s?[A-Z])|\w+(?:[-.'’&/]\w+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;]\s*|[\"“”'‘(\[*_#>-]\s*)$")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=\S)")
_PARTICIPLE = re.compile(r"(?:ed|able|ible|ing|ous|ful|ive|ary)$")
_OWNER = re.compile(r"['’]s?$")
_ABOUT = re.compile(
    r"^(?:(?:what|who)(?:\s+(?:is|are|was|were)|['’]s)"
    r"|(?:can you |please )*(?:tell me|know)(?: more| something)? about"
    r"|(?:describe|explain|define))\s+(?P<topic>\w[^,;:?!]*?)\s*[?.!]*$",
    re.IGNORECASE,
)


class Word(NamedTuple):
    """A word at `[start, end)` of a text; `low` is it in lower case with a straight apostrophe.

    A tuple, because many are made.
    """

    text: str
    low: str
    start: int
    end: int

    @property
    def is_function(self) -> bool:
        """Tell whether it joins rather than names."""
        return self.low in FUNCTION_WORDS or self.low.split("'")[0] in FUNCTION_WORDS


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase at `[start, end)` of a text.

    `named` when a word of it is a name; `lead` is the function word before it, articles passed
    over, in lower case and empty where there is none; `article` is the article, if any.
    """

    text: str
    start: int
    end: int
    named: bool
    lead: str
    article: str

    @property
    def definite(self) -> str:
        """Return it as one speaks of it again: `a Heron` is then `the Heron`."""
        return f"the {self.text}" if self.article else self.text


def words_of(text: str) -> list[Word]:
    """Return the words of `text` in order; `what's`, `T-9` and `U.S` are one each."""
    lower = text.lower().replace("’", "'")
    # Lower case may be longer than the text (`İ`): then word by word.
    same = len(lower) == len(text)
    return [
        Word(m[0], lower[m.start() : m.end()] if same else m[0].lower(), m.start(), m.end())
        for m in _TOKEN.finditer(text)
    ]


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a short text, at least one."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part] or [text]


def content_of(text: str) -> list[Word]:
    """Return the words of `text` that are neither function words nor generic."""
    return [w for w in words_of(text) if not w.is_function and w.low not in GENERIC]


def says_much(text: str) -> bool:
    """Tell whether a question has so many words of its own that it leans on nothing, as a rule."""
    return sum(not word.is_function for word in words_of(text)) > _MANY_WORDS


def is_named(word: Word, text: str) -> bool:
    """Tell whether a word of `text` is a name: it has a capital that no sentence's start explains.

    A first word counts too, unless it is a common one.
    """
    if word.text.islower() or not any(character.isupper() for character in word.text):
        return False
    if word.is_function and (len(word.text) == 1 or not word.text.isupper()):
        return False
    before = text[max(0, word.start - _LOOK_BACK) : word.start]
    return word.low not in BREAKS or not _SENTENCE_START.search(before)


def _is_break(word: Word, text: str) -> bool:
    """Tell whether a word ends a phrase: a function word, a plain verb or an adverb in -ly."""
    adverb = word.low.endswith("ly") and word.low not in NO_ADVERBS
    return (word.low in BREAKS or adverb) and not is_named(word, text)


def names_of(text: str) -> list[str]:
    """Return the names in `text` in order, each once: `Ada Moe`, `Line 9`, no months or days."""
    words = words_of(text)
    runs: list[list[Word]] = [[]]
    for before, word in zip([None, *words], words, strict=False):
        if before and text[before.end : word.start] != " ":
            runs.append([])
        if is_named(word, text) or (runs[-1] and word.text[0].isdigit()):
            runs[-1].append(word)
        else:
            runs.append([])
    names = (text[r[0].start : r[-1].end] for r in runs if r and r[0].low not in DATES)
    return list(dict.fromkeys(_OWNER.sub("", name) for name in names))


def phrases_of(text: str) -> list[Phrase]:
    """Return the noun phrases of `text` in order: words between function words and punctuation."""
    words = words_of(text)
    runs: list[list[int]] = [[]]
    for number, word in enumerate(words):
        if number and text[words[number - 1].end : word.start].strip(" "):
            runs.append([])
        if _is_break(word, text):
            runs.append([])
        else:
            runs[-1].append(number)
    return [_phrase(text, words, run) for run in runs if run]


def _phrase(text: str, words: Sequence[Word], run: Sequence[int]) -> Phrase:
    """Return a run of words as a phrase, without the verb that may be at either end."""
    lead, article = _before(words, run[0])
    names = [number for number in run if is_named(words[number], text)]
    first, last = run[0], run[-1]
    if lead == "who" and first < last and first not in names:
        first += 1
    after = words[last + 1].low if last + 1 < len(words) else ""
    if first < last and last not in names and after not in AUXILIARIES | VERBS:
        last = _without_verb(words, list(range(first, last + 1)), names, lead)
    start, end = words[first].start, words[last].end
    shown = _OWNER.sub("", text[start:end])
    named = any(first <= number <= last for number in names)
    return Phrase(shown, start, start + len(shown), named, lead, article)


def _before(words: Sequence[Word], number: int) -> tuple[str, str]:
    """Return the function word before a word, and the article between them."""
    low = [word.low for word in words[max(0, number - 2) : number]]
    article = low.pop() if low and low[-1] in DETERMINERS else ""
    return low[-1] if low else "", article


def _without_verb(
    words: Sequence[Word], run: Sequence[int], names: Sequence[int], lead: str
) -> int:
    """Return the last word's number of a run that, after `does` or `that`, has its verb in it."""
    inside = [number for number in names if number in run]
    if lead in AUXILIARIES - BE or lead in RELATIVE:
        plural = [n for n in run[:-1] if re.search(r"[^s]s$", words[n].low)]
        return inside[-1] if inside else (plural or run[:-1])[0 if plural else -1]
    low = words[run[-1]].low
    adjective = low in GENERIC or _PARTICIPLE.search(low)
    return run[-2] if lead in BE and adjective else run[-1]


def topic_of(question: str) -> str:
    """Return the noun phrase that a question is most likely about; empty when it has none.

    What `of` belongs to (`symptoms of X`), else the first name that is no place or time
    (`in Paris`), else what stands after `does` or `is`, else the last phrase.
    """
    question = sentences_of(question)[-1]
    told = _ABOUT.match(question)
    if told and len(told["topic"].split()) <= _LONG_TOPIC:
        question = told["topic"]
    phrases = phrases_of(question)
    if not phrases:
        return ""
    main = [phrase for phrase in phrases if phrase.lead not in ADJUNCT | RELATIVE] or phrases
    named = [phrase for phrase in main if phrase.named]
    owned = [phrase for phrase in phrases if phrase.lead == "of"]
    subject = [phrase for phrase in main if phrase.lead in AUXILIARIES | {"there"}]
    if owned and not (named and named[0].start < owned[0].start):
        return owned[0].definite
    if named:
        return named[0].definite
    if told:
        return main[0].definite
    return (subject or main[::-1])[0].definite
