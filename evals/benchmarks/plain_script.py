"""Search over passages as most people write it: sentence-transformers, FAISS, a loop.

`citewire benchmark` measures Citewire against it, each in a process of its own:

    python plain_script.py build MODEL PASSAGES.jsonl SAVED.faiss
    python plain_script.py ask MODEL PASSAGES.jsonl SAVED.faiss QUESTIONS.jsonl
"""

import json
import sys
from pathlib import Path
from time import perf_counter, process_time

import faiss
from sentence_transformers import SentenceTransformer


def main(what: str, model: str, passages: str, saved: str, questions: str = "") -> None:
    """Build the index or ask it, and print the timings as JSON."""
    figures: dict[str, object] = {}
    texts = [json.loads(line)["text"] for line in Path(passages).read_text("utf-8").splitlines()]
    encoder = SentenceTransformer(model, device="cpu")
    if what == "build":
        began = perf_counter()
        figures["passages"] = len(texts)
        vectors = encoder.encode(texts, normalize_embeddings=True)
        figures["embed_s"] = perf_counter() - began
        store = faiss.IndexFlatIP(vectors.shape[1])
        store.add(vectors)
        faiss.write_index(store, saved)
        figures["build_s"] = perf_counter() - began
    else:
        found, took, used = faiss.read_index(saved), [], []
        for line in Path(questions).read_text("utf-8").splitlines():
            began, before = perf_counter(), process_time()
            query = encoder.encode([json.loads(line)["text"]], normalize_embeddings=True)
            _, rows = found.search(query, 10)
            figures["best"] = [texts[row] for row in rows[0] if row >= 0]
            took.append(1000 * (perf_counter() - began))
            used.append(1000 * (process_time() - before))
        figures["search_ms"], figures["search_cpu_ms"] = took, used
    status = Path("/proc/self/status")
    figures["memory"] = status.read_text() if status.exists() else ""
    figures["modules"] = sorted({name.split(".")[0] for name in sys.modules})
    print(json.dumps(figures))  # noqa: T201  (what is printed is what it is run for)


if __name__ == "__main__":
    main(*sys.argv[1:])
