"""Ordinary programs in MindSpore's style, as users write them: each gives a function that takes a gradient once.

A call may change parameters, as a step of training does. What a program computes does not matter here; that a later call
of it is answered without a trace does.
"""

from . import functions, networks, ways
from .common import PROGRAMS

__all__ = ["PROGRAMS", "functions", "networks", "ways"]
