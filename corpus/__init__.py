"""Articles in: read, cleaned, identified, split into sentences and passages."""
