"""Fixed questions, metrics, runs, gates, reports, benchmarks."""
