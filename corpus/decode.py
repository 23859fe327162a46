"""Bytes to text, whatever the encoding, and bytes that are no text refused."""

import codecs
from dataclasses import dataclass

from charset_normalizer import from_bytes

from corpus.errors import Unreadable

_MAGIC = (
    (b"%PDF-", "a PDF file"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "gzip data, though its name does not end in .gz"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "an SQLite database"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose BOM it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\x0b\x0c\r\x1b")
_SAMPLE = 65_536
# A stray NUL in a text is dropped later; a hundredth of control bytes is no text.
_MAX_CONTROL_SHARE = 0.01
_ASCII = 127
_MIN_EVIDENCE = 20  # `caf\xe9` alone is also good Chinese


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and how many stretches of bytes in it were unreadable and became `�`."""

    text: str
    damaged: int = 0


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Return `data` as text.

    Tried in this order: a byte order mark (UTF-8, UTF-16, UTF-32); UTF-8; the encoding that the
    document itself declares; mostly UTF-8 with a few damaged bytes; then what
    charset-normalizer detects, where every Western guess is read as Windows-1252, which is what
    such files are and which differs from Latin-1 only in having curly quotes.

    Args:
        data: The whole document.
        declared: An encoding named inside it, as HTML does.

    Raises:
        Unreadable: The bytes are not text.
    """
    if marked := declared_by_mark(data):
        return _replaced(data, marked)
    _refuse_binary(data)
    try:
        return Decoded(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _legacy(data, declared)


def declared_by_mark(data: bytes) -> str | None:
    """Return the encoding that a byte order mark at the start of `data` names, if there is one."""
    return next((encoding for bom, encoding in _BOMS if data.startswith(bom)), None)


def _replaced(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, "replace")
    return Decoded(text, text.count("\ufffd"))


def _refuse_binary(data: bytes) -> None:
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise Unreadable(f"not a text but {what}")
    sample = data[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls > max(1, len(sample) * _MAX_CONTROL_SHARE):
        raise Unreadable("not a text but binary data")


def _legacy(data: bytes, declared: str | None) -> Decoded:
    """Return `data`, which is not valid UTF-8, as text."""
    if declared and (text := _strictly(data, declared)) is not None:
        return Decoded(text)
    lossy = _replaced(data, "utf-8")
    wide = sum(character > "\x7f" for character in lossy.text) - lossy.damaged
    if wide > lossy.damaged:  # sequences of a real UTF-8 text do not happen by chance
        return lossy
    encoding = _detected(data[:_SAMPLE])
    text = _strictly(data, encoding)
    return Decoded(data.decode("latin-1") if text is None else text)


def _detected(sample: bytes) -> str:
    """Return the encoding of another alphabet where there is enough of it to tell, or cp1252."""
    if sum(byte > _ASCII for byte in sample) < _MIN_EVIDENCE:
        return "cp1252"
    guess = from_bytes(sample).best()
    return "cp1252" if guess is None or _is_western(str(guess)) else guess.encoding


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _is_western(text: str) -> bool:
    """Return whether the letters of `text` outside ASCII are Latin ones, mostly."""
    letters = [character for character in text if character > "\x7f" and character.isalpha()]
    latin = sum(character <= "\u024f" for character in letters)
    return latin * 2 >= len(letters)
