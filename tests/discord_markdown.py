"""What Discord makes of a text, as far as it matters: what is seen, and what acts.

After the rules of Discord's clients (simple-markdown: the first rule that matches at a place wins).
What acts is named: `bold`, `link https://…`, `mention <@1>`. Servers and apps that read the raw
text are stricter than that: `raw_dangers`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_URL = r"(?:https?|steam|discord)://[^\s<]+[^<.,:;\"'\]\s]"
_LINK = re.compile(
    r"\[((?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*)\]\(\s*<?((?:\([^)]*\)|[^\s\\]|\\.)*?)>?"
    r"(?:\s+['\"](?:[\s\S]*?)['\"])?\s*\)"
)
_MENTIONS = r"<@[!&]?\d+>|<#\d+>|</[\w -]+:\d+>|<id:\w+>|@everyone|@here"
_INLINE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("code", re.compile(r"```[\s\S]*?```|(`+)[\s\S]*?[^`]\1(?!`)")),
    ("link", re.compile(rf"<({_URL}[^\s>]*)>")),
    ("link", re.compile(_URL)),
    ("link", re.compile(r"<[\w.+-]+@[\w.-]+\.\w+>|<\+\d+>")),
    ("mention", re.compile(_MENTIONS)),
    ("time", re.compile(r"<t:-?\d+(?::\w)?>")),
    (
        "emoji",
        re.compile(r"<a?:\w+:\d+>|<sound:\d+:\d+>|:[\w+-]*[A-Za-z_+-][\w+-]*:|(?<!\d):\d{1,9}:"),
    ),
    ("invite", re.compile(r"discord(?:\.gg|(?:app)?\.com/invite)/\w+", re.IGNORECASE)),
)
_PAIRS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("bold", re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")),
    ("underline", re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)")),
    (
        "italic",
        re.compile(r"\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"),
    ),
    ("italic", re.compile(r"_((?:__|\\[\s\S]|[^\\_])+?)_(?!\w)")),
    ("strike", re.compile(r"~~((?:\\[\s\S]|[^\\])+?)~~")),
    ("spoiler", re.compile(r"\|\|([\s\S]+?)\|\|")),
)
_ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
_BLOCKS = re.compile(r"(?m)^(?P<mark>>>> |> |#{1,3} +|-# |[ \t]*(?:[-*]|\d+\.) )")
# Ours, in the place of a link that we wrote.
_HELD = "\ufffc"


@dataclass
class Shown:
    """The text that is seen, and what acts in it, in order."""

    text: str = ""
    acts: list[str] = field(default_factory=list)


def shown(raw: str) -> Shown:
    """Return what Discord shows."""
    result = Shown()
    lines = []
    for whole in raw.split("\n"):
        line = whole
        while match := _BLOCKS.match(line):
            result.acts.append(f"block {match['mark'].strip()}")
            line = line[match.end() :]
        lines.append(line)
    _inline("\n".join(lines), result)
    return result


def _inline(raw: str, result: Shown) -> None:
    at = 0
    while at < len(raw):
        at = _step(raw, at, result)


def _step(raw: str, at: int, result: Shown) -> int:
    if match := _ESCAPE.match(raw, at):
        result.text += match[1]
        return match.end()
    if match := _LINK.match(raw, at):
        result.acts.append(f"link {match[2]}")
        _inline(match[1], result)
        return match.end()
    for name, pattern in _INLINE:
        if match := pattern.match(raw, at):
            result.acts.append(f"{name} {match[0]}")
            result.text += match[0]
            return match.end()
    for name, pattern in _PAIRS:
        if match := pattern.match(raw, at):
            result.acts.append(name)
            _inline(match[1], result)
            return match.end()
    result.text += raw[at]
    return at + 1


_RAW = re.compile(
    rf"{_MENTIONS}|<t:\d|<a?:\w+:\d|(?:https?|steam|discord)://|discord(?:app)?\.(?:gg|com/invite)/",
    re.IGNORECASE,
)


def raw_dangers(raw: str, ours: Callable[[str], bool] = lambda _: False) -> list[str]:
    """Return what a reader of the raw text takes for a mention or a link that is not `ours`."""
    masked = re.sub(r"\]\(<([^<>\s]+)>\)", lambda match: _HELD if ours(match[1]) else match[0], raw)
    return _RAW.findall(masked)
