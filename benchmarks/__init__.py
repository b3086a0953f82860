"""Measurements of speed against hand-written numpy; run them with ``python -m benchmarks``."""
