"""A cache of what pure functions return, for arguments that never change and are slow to compare.

The cache compares arguments by identity (`is`), not by value.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Given = TypeVar("Given")


def kept_by_identity(most: int) -> Callable[[Callable[Arguments, Given]], Callable[Arguments, Given]]:
    """Return a decorator that keeps the newest results of a function whose arguments never change.

    A kept result is returned only for the same objects, not for equal ones. The terms of a deal are large: to
    compare them costs more than most of the functions that take them. The cache holds the arguments as long
    as the result, so no other object can get the `id` of one of them. A call with named arguments is not
    kept.

    Args:
        most: how many results are kept. The oldest one is dropped first.
    """

    def keeping(function: Callable[Arguments, Given]) -> Callable[Arguments, Given]:
        kept: dict[tuple[int, ...], tuple[tuple[object, ...], Given]] = {}

        @wraps(function)
        def asked(*args: Arguments.args, **named: Arguments.kwargs) -> Given:
            if named:
                return function(*args, **named)
            key = tuple(id(one) for one in args)
            known = kept.get(key)
            if known is not None:
                return known[1]
            given = function(*args, **named)
            while len(kept) >= most:
                # The default matters if two threads drop the same oldest result.
                kept.pop(next(iter(kept)), None)
            # The arguments are held too: an `id` is only unique while its object lives.
            kept[key] = (args, given)
            return given

        return asked

    return keeping
