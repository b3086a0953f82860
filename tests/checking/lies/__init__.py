"""Lies told at every place of the check, each with who must be named. `planting` says how one is told and judged."""
