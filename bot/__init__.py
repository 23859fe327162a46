"""Hits to cited answers, and the doors they leave by."""
