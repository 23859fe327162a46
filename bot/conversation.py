"""Follow-up questions, completed from what was said before, without a language model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.fragments import has_verb, is_fragment, swapped
from bot.phrases import content_of, names_of, says_much, topic_of, words_of
from bot.pronouns import free_pronouns, resolve
from bot.stand_ins import PAIR, pair_of, with_chosen, with_noun

# How far back is read, in turns; and how much of a turn, in characters. A question longer than
# that says itself what it is about; with context and topic it still fits the encoder's window.
_TURNS = 12
_MAX_QUESTION = 300
_MAX_ANSWER = 600
_MAX_CONTEXT = 240
_SHORT_ANSWER = 80
_MAX_NAME = 60
# With fewer words of its own a question is hardly found without the one before it.
_FEW_WORDS = 2
_POLITE = (
    "ok|okay|thanks|thank you|great|good|nice|cool|interesting|wow|oh|well|right|i see|hm+|ah|sure"
    "|yes|no|yeah|perfect|awesome|got it|so|by the way|btw|something else"
)
_CHATTER = re.compile(
    rf"^(?:(?:{_POLITE})\s*[,.!:;…-]+\s*|(?:and|but|so|also|or|then|ok|okay)\b[\s,]*)+",
    re.IGNORECASE,
)
_SWITCH = re.compile(
    r"\b(?:something else|changing the subject|change of (?:subject|topic)"
    r"|(?:another|new|different|unrelated|separate) (?:question|topic|subject)|on another note"
    r"|now for)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"^(?:(?:ok|okay|so|then)\W+)?(?:and|but|or|so|then|what if)\b", re.IGNORECASE
)
_POINTING = re.compile(
    r"\b(?:this|that|these|those)(?=\W*$)"
    r"|\b(?:is|was|are|were|did|does|do|of|about|for|after|before|than|with|by|like|from|will|would)"
    r" (?:this|that|these|those)(?= (?:the|a|an|from|to|in|of|on|at|for|true|happen|work|mean|cost"
    r"|be|get|also)\b)"
    r"|\b(?:after|before|since|than|besides|apart from) (?:that|this)\b"
    r"|\b(?:which|the|that|this|another|does|an?)(?: \w+)? ones?\b(?! (?:of|\w+ed)\b)"
    r"|(?<!is )(?<!are )(?<!was )(?<!were )\bthere(?=\W*$)"
    r"|\bthe (?:first|second|last|other|latter|former|rest)"
    r"(?: of (?:the )?(?:two|three|these|those))?(?=\W*$)",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:else|others?|another|same|too|either|instead|otherwise|both|this|these|those)\b",
    re.IGNORECASE,
)
_DEFINITE = re.compile(r"\bthe\b", re.IGNORECASE)
_DEFINING = re.compile(r"^(?:what|who) (?:is|are|was|were) (?:an? )?\w+\W*$", re.IGNORECASE)
_ASKS_NAME = re.compile(r"(?:^|[.?!,] )(?:who|where|which)\b", re.IGNORECASE)
_ASKS_PERSON = re.compile(r"(?:^|[.?!,] )(?:who|whose|who['’]s|which)\b", re.IGNORECASE)
# Two or three words with one capital each, initials aside: no dateline (`PORT HALLAM`).
_PERSON_NAME = re.compile(
    r"(?:[A-Z]\. ?)*[A-Z][^\W\d_A-Z][\w'’-]*(?: [A-Z][^\W\d_A-Z][\w'’-]*){1,2}"
)
_YES_NO = re.compile(r"\W*(?:yes|no)\b", re.IGNORECASE)
_EDGES = " \t\n*_#>`~"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Completed:
    """A question in full.

    `standalone` is what to search for. `focus` is what to judge sentences by: the same without
    the earlier question that may stand before it.
    """

    standalone: str
    focus: str


@dataclass(frozen=True, slots=True)
class _Talk:
    """What a conversation has come to.

    `question` is the last one, completed; `topic` what it is about; `person` who `he` or `she`
    would be; `reply` the name that answered it, where it asked for one. `pair` is what `the former`
    and `the latter` would be. Each may be empty.
    """

    question: str = ""
    topic: str = ""
    person: str = ""
    reply: str = ""
    pair: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reading:
    """A question as understood: the context before it, itself, and whether its topic stays."""

    core: str
    context: str = ""
    stays: bool = False

    @property
    def full(self) -> str:
        return f"{self.context} {self.core}" if self.context else self.core


def complete(question: str, history: Sequence[Turn]) -> Completed:
    """Return a question as one would ask it without the conversation before it.

    A pronoun becomes what it means, a fragment (`And Audi?`) takes the place of its like in the
    last question; where that is not sure, the last question, or what it was about, is put before
    it. `The normal one` and `the first of the two` are put in words. A question that leans on
    nothing stays as it is, as do those longer than 300 characters.

    Args:
        question: As it was asked.
        history: What was said before, oldest first; the last 12 turns are read.
    """
    talk = _Talk()
    for turn in history[-_TURNS:]:
        talk = _heard(talk, turn)
    reading = _read(question, talk)
    return Completed(reading.full, reading.core)


def _heard(talk: _Talk, turn: Turn) -> _Talk:
    """Return the talk after one more turn."""
    if turn.role == "assistant":
        return _answered(talk, turn.content[:_MAX_ANSWER])
    said = _plain(_tail(turn.content, _MAX_QUESTION))
    if not said:
        return talk
    reading = _read(said, talk)
    topic = "" if reading.stays else topic_of(reading.full)
    # A topic that is only generic (`the key findings`) is one of the topic before it.
    known = topic if content_of(topic) and len(topic) <= _MAX_NAME else talk.topic
    pair = pair_of(reading.core) or talk.pair
    return _Talk(reading.full, known, _person(talk, reading), pair=pair)


def _person(talk: _Talk, reading: _Reading) -> str:
    """Return who `he` or `she` would be after a question; nobody while it is being asked."""
    if reading.stays and talk.person and talk.person in reading.full:
        return talk.person
    if _ASKS_PERSON.search(reading.full):
        return ""
    names = [name for name in names_of(reading.full) if len(name) <= _MAX_NAME]
    return names[0] if names else talk.person


def _answered(talk: _Talk, answer: str) -> _Talk:
    """Return the talk after an answer: a name that is new in it may be who or what was asked for.

    In a short answer it is the first; in a longer one, a quote say, the first that looks like a
    person's, and nothing where a place was asked for.
    """
    asked = talk.question.lower()
    talk = replace(talk, pair=pair_of(answer) or talk.pair)
    new = [n for n in names_of(answer) if n.lower() not in asked and len(n) <= _MAX_NAME]
    short = new[:1] if len(answer) <= _SHORT_ANSWER else []
    found = short or [name for name in new if _PERSON_NAME.fullmatch(name)]
    if not found:
        return talk
    who = _ASKS_PERSON.search(talk.question)
    named = who or (short and (_ASKS_NAME.search(talk.question) or _YES_NO.match(answer)))
    person = who or not names_of(talk.question)
    told = talk.pair if not named or found[0] in talk.pair else (*talk.pair, found[0])[-PAIR:]
    return replace(
        talk,
        person=found[0] if person else talk.person,
        reply=found[0] if named else "",
        pair=told,
    )


def _read(question: str, talk: _Talk) -> _Reading:
    """Return a question as the talk makes it understood."""
    if not talk.question or len(question) > _MAX_QUESTION or not question.strip():
        return _Reading(question)
    plain = _plain(question)
    core = with_chosen(_CHATTER.sub("", plain) or plain, talk.pair)
    asked = _Reading(question if core == plain else _capital(core))
    if _SWITCH.search(plain):
        return asked
    told = swapped(with_noun(core, talk.topic), talk.question)
    if told and told != talk.question:
        return _Reading(_capital(told))
    leaning = _leaning(plain, core, talk)
    return replace(leaning, core=with_noun(leaning.core, talk.topic)) if leaning else asked


def _leaning(plain: str, core: str, talk: _Talk) -> _Reading | None:
    """Return a question that leans on the talk, in full; None when it does not."""
    if free_pronouns(core):
        return _resolved(core, talk)
    if _leans(plain, core):
        return _Reading(_capital(core), _context(talk), stays=True)
    if talk.topic and talk.topic.lower() not in core.lower() and _is_brief(core):
        return _Reading(_capital(f"{talk.topic}: {core}"), stays=True)
    return None


def _resolved(core: str, talk: _Talk) -> _Reading:
    """Return a question with what its pronouns mean, and with the last one where that's not all."""
    few = len(content_of(core)) < _FEW_WORDS
    # After `Who bought the mill?` the buyer and the mill may both be `it`.
    told = resolve(core, talk.person, "" if few and talk.reply else talk.topic)
    named = bool(talk.person) and talk.person in told
    open_still = told == core or bool(_POINTING.search(told))
    context = _context(talk) if open_still or (few and not named) else ""
    return _Reading(_capital(told), context, stays=True)


def _leans(plain: str, core: str) -> bool:
    """Tell whether a question without a free pronoun can't be understood alone."""
    if is_fragment(core):
        return True
    if says_much(core):
        return False
    if _POINTING.search(core):
        return True
    if names_of(core):
        return False
    few = len(content_of(core)) <= _FEW_WORDS
    return (few and bool(_OTHERS.search(core))) or (
        bool(_GOES_ON.search(plain)) and (few or not has_verb(core))
    )


def _is_brief(core: str) -> bool:
    """Tell whether a question without names has too few words to be about something by itself."""
    words = words_of(core)
    if names_of(core) or not any(word.is_function for word in words):
        return False
    own = content_of(core)
    if _DEFINITE.search(core):
        return len(own) <= _FEW_WORDS
    few = sum(not word.is_function for word in words) <= _FEW_WORDS
    return not own or (len(own) == 1 and few and not _DEFINING.match(core))


def _context(talk: _Talk) -> str:
    """Return the last question and the name that answered it, to be put before another."""
    question = _capital(_tail(talk.question, _MAX_CONTEXT))
    ended = question if question.endswith((".", "?", "!")) else f"{question}?"
    return f"{ended} {talk.reply}." if talk.reply else ended


def _plain(text: str) -> str:
    """Return `text` on one line, without the signs of Markdown around it."""
    return " ".join(text.split()).strip(_EDGES)


def _tail(text: str, most: int) -> str:
    """Return the last words of `text`, at most `most` characters."""
    return text if len(text) <= most else text[-most:].partition(" ")[2] or text[-most:]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
