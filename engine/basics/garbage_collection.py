"""The setting of Python's garbage collector for processes that work for long."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def spare_loaded_code() -> None:
    """Let the collector pass over what is loaded so far, and look less often at what comes after.

    A loaded library lives as long as its process, so the search for its garbage finds nothing. That search
    took a seventh of the time that a notice needs. Call this after the heavy imports; results do not depend
    on it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Hold the collector back over work that ends with most of what it made being garbage, and let it look once afterwards.

    A page is a hundred thousand objects that live until it is written. A search among them finds nothing, and
    took a tenth of the time.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
            gc.collect(0)
