"""`.txt`: the first line is the title."""

from corpus.decode import Decoded
from corpus.draft import Draft

_MAX_TITLE = 300


def read_text(decoded: Decoded) -> Draft:
    """Return the article of a text file.

    The first line that is not blank is the title and leaves the text. It stays, and the title is
    made from it, when it is a paragraph (above 300 characters) or there is nothing else.
    """
    first, _, rest = decoded.text.lstrip("\ufeff \t\r\n").partition("\n")
    if len(first) > _MAX_TITLE or not rest.strip():
        return Draft(decoded.text)
    return Draft(rest, title=first)
