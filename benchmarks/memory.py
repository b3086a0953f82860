"""Peak memory of one call, buffers that are kept between calls included, as numpy tells it to tracemalloc."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

_ARRAYS = [tracemalloc.DomainFilter(inclusive=True, domain=np.lib.tracemalloc_domain)]


def peak(make: Callable[[], Callable[[], Any]]) -> tuple[int, int]:
    """Bytes of arrays: what ``make`` and its first call leave behind, and the peak of a second call above that.

    Parameters
    ----------
    make : callable
        Makes what is called: buffers that it keeps are counted.

    Returns
    -------
    kept, peak : int
        Their sum is what one has to have.
    """
    gc.collect()
    tracemalloc.start()
    try:
        call = make()
        call()
        gc.collect()
        kept = sum(one.size for one in tracemalloc.take_snapshot().filter_traces(_ARRAYS).traces)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        call()
        most = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    return kept, max(0, most)
