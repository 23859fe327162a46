"""Passages to ranked hits: encoder, vectors, words, snapshot, build, retrieve."""
