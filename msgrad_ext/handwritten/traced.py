"""Placeholder."""
from __future__ import annotations
from typing import Any
class Traced: ...
def traced(*a: Any) -> None: return None
