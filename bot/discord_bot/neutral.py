r"""Text of others made harmless in Discord: it can't ping, format, or pose as a link.

What Discord would act on is escaped, and Discord swallows each escape: readers see the text as it
is. The backslash stands inside what it breaks (`<\@1>`, `https\://`), so that servers and apps
that look at the raw text find neither a mention nor a link there. Only what can act is escaped:
notifications show the raw text.
"""

import re
from urllib.parse import quote, urlsplit

# What can't be seen, turns text around or hides what stands beside it. Joiners between letters of
# other scripts stay: Persian and emoji need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Of more marks on one letter the rest is ink over other people's messages.
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_PILE = re.compile(f"({_MARK}{{4}}){_MARK}+")
# Each alternative ends with the character that gets the backslash. What is looked ahead for is
# bounded: a text of 100 000 colons must not take minutes.
_ACTIVE = re.compile(
    r"""
    [\\*_`]                                             # emphasis, code and the escape itself
  | ~(?=~) | (?<=~)~ | \|(?=\|) | (?<=\|)\|             # struck out, spoilers
  | (?<=\])\(                                           # a masked link
  | <[^\w\s\\*_`]                                       # <@1> <#1> </ask:1> <:emoji:1> <+1555>
  | <[A-Za-z]{1,10}:                                    # <t:1> <a:emoji:1> <id:guide> <sound:1:1>
  | @(?=[^\s<>]{0,300}>)                                # <ada@example.com>
  | :(?=/)                                              # https://
  | \.[A-Za-z]{2,24}/                                   # discord.gg/invite
  | :(?=\d{0,80}[A-Za-z_+-][\w+-]{0,80}:)              # :smile: and :+1:
  | (?<!\d):(?=\d{1,9}:)                               # :100:, but not 10:45:30
  | (?m:^[ \t]*(?:\#(?=\#{0,2}[ \t]) | -(?=\#?[ \t]) | > | \d+\.(?=[ \t])))  # blocks
    """,
    re.VERBOSE,
)
_EVERYONE = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
# As discord.py's own `escape_mentions` does: no backslash can stand before a letter unseen.
_HOLD = "@\u200b"
_ELLIPSIS = "…"
# A fragment's words and a long path fit; more would leave no room for the answer.
_MOST_URL_CHARS = 600
# What a link's label can't hold: brackets end it whether escaped or not, and Discord shows a label
# that looks like a link as it stands.
_NO_LABEL = re.compile(r"[\[\]\\]|://|\.[A-Za-z]{2,24}/|<")


def seen(text: str) -> str:
    r"""Return `text` without what can't be seen, and `\n` as the only line end."""
    return _PILE.sub(r"\1", _UNSEEN.sub("", _BREAK.sub("\n", text)))


def plain(text: str) -> str:
    """Return `text` so that Discord shows just it; at most twice as long.

    Lines stay lines. What can't be seen is dropped.
    """
    return _EVERYONE.sub(_HOLD, _ACTIVE.sub(_with_escape, seen(text)))


def one_line(text: str) -> str:
    """Return `text` as `plain` does, on one line, with single blanks."""
    return plain(" ".join(seen(text).split()))


def short(text: str, most: int) -> str:
    """Return `text` on one line, not neutralised, cut to `most` characters with a `…`.

    For labels and choices, which Discord shows as they are.
    """
    line = " ".join(seen(text).split())
    return line if length(line) <= most else cut(line, most - 1).rstrip() + _ELLIPSIS


def linked(title: str, url: str | None) -> str:
    """Return a title, neutralised, as a link to `url` that does not unfurl.

    A title that could break out of a link's label stands before the link. Without a `url` that is
    one of the web's there is no link.
    """
    text = one_line(title)
    target = web_address(url)
    if target is None:
        return text
    if not text or _NO_LABEL.search(seen(title)):
        return f"{text} [(open)](<{target}>)".lstrip()
    return f"[{text}](<{target}>)"


def web_address(url: str | None) -> str | None:
    """Return `url` as it may stand in `[…](<…>)`; None where it is no address of the web."""
    if url is None or len(url) > _MOST_URL_CHARS:
        return None
    try:
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            return None
        host = quote(parts.netloc.encode("idna").decode("ascii"), safe=":.[]-")
    except ValueError:
        return None
    rest = quote(parts._replace(scheme="", netloc="").geturl(), safe="/%?#=&;:,~!$'+.-")
    return f"{parts.scheme}://{host}{rest}"


def length(text: str) -> int:
    """Return how long Discord's clients take `text` to be: in UTF-16 units, never less."""
    return len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, most: int) -> str:
    """Return the longest beginning of `text` that is not longer than `most` by `length`."""
    if length(text) <= most:
        return text
    end = min(len(text), most)
    while length(text[:end]) > most:
        end -= max(1, (length(text[:end]) - most) // 2)
    return text[:end]


def _with_escape(match: re.Match[str]) -> str:
    found = match[0]
    return f"{found[:-1]}\\{found[-1]}"
