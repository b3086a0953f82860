"""Lies told at every place of the check, each with who must be named. See `planting` for how one is told and judged."""
