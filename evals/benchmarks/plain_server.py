"""Search over HTTP as most people write it: FastAPI, sentence-transformers, FAISS.

`citewire benchmark --http` measures `citewire serve` against it:

    python plain_server.py MODEL PASSAGES.jsonl PORT
"""

import json
import sys
from pathlib import Path

import faiss
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer


class Question(BaseModel):
    """What is asked."""

    question: str


def main(model: str, passages: str, port: str) -> None:
    """Embed the passages, then serve the five nearest to each question."""
    texts = [json.loads(line)["text"] for line in Path(passages).read_text("utf-8").splitlines()]
    encoder = SentenceTransformer(model, device="cpu")
    store = faiss.IndexFlatIP(encoder.get_embedding_dimension())
    store.add(encoder.encode(texts, normalize_embeddings=True))
    app = FastAPI()

    @app.post("/v1/answer")
    def answer(body: Question) -> dict[str, object]:
        query = encoder.encode([body.question], normalize_embeddings=True)
        scores, rows = store.search(query, min(5, len(texts)))
        found = zip(rows[0], scores[0], strict=True)
        return {"passages": [{"text": texts[row], "score": float(score)} for row, score in found]}

    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
