"""Both tiers of this package side by side: numpy alone, and compiled C once it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgrad_ext as mg
from msgrad_ext.native.hot import asked
from msgrad_ext.native.setting import CALLS
from msgrad_ext.native.tier import finish

from .timing import Block, block_of
from .workload import Candidate

# What is put behind a candidate's name, and whether compiled C answers.
TIERS = {"": False, " C": True}


def block_in(native: bool, call: Callable[[], Any]) -> Block:
    """Blocks of a function that one tier answers; the setting is changed before the clock starts."""
    timed = block_of(call)

    def block(times: int) -> float:
        mg.set_native(native)
        return timed(times)

    return block


def settled(candidate: Candidate) -> str:
    """Call until compiled C has taken over; why it has not, or nothing."""
    mg.set_native(True)
    before = set(asked())
    for _ in range(CALLS + 1):
        candidate.call()
    finish()
    new = [tier for tier in asked() if tier not in before]
    return next((tier.status for tier in new if not tier.status.startswith("compiled C")), "")
