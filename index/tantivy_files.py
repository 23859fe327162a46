"""What tantivy's indexes have in common: how they are filled, and how they fail."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import tantivy

_WRITER_BYTES = 64_000_000


@contextmanager
def os_errors() -> Iterator[None]:
    """Raise what tantivy-py reports of files, as a ValueError, as the OSError that it is."""
    try:
        yield
    except ValueError as error:
        raise OSError(str(error)) from error


def fill(store: tantivy.Index, documents: Iterable[tantivy.Document]) -> None:
    """Write documents into an index, in order."""
    writer = store.writer(heap_size=_WRITER_BYTES, num_threads=1)
    for document in documents:
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
