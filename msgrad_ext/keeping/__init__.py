"""Answers without a trace: what a kept trace rests on, how a change is seen, and the functions that answer."""
