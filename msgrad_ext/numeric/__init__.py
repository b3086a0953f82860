"""The numeric road: a graph to numpy source that a person can read, and a plain interpreter as its reference."""
