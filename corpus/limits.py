"""How much of an input is read before it is refused."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that keep one bad file from filling the memory.

    Attributes:
        max_file_bytes: Largest file of a one-document format (`.txt`, `.md`, `.html`, `.json`),
            on disk and decompressed. JSON lines have no such bound: they are streamed.
        max_line_bytes: Longest line of a JSON lines file, its end excluded.
        max_article_chars: Longest text of one article, in code points.
        max_id_chars: Longest article id, in code points.
        max_gz_ratio: How many times its compressed size a `.gz` may expand to; text stays below
            20, a bomb reaches 1000. The first `max_file_bytes` are always allowed.
    """

    max_file_bytes: int = 20_000_000
    max_line_bytes: int = 20_000_000
    max_article_chars: int = 5_000_000
    max_id_chars: int = 512
    max_gz_ratio: int = 200


DEFAULT = Limits()
