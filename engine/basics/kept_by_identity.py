"""What a pure function gave for the very same objects, kept: for arguments that never change and are dear to compare."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Given = TypeVar("Given")


def kept_by_identity(most: int) -> Callable[[Callable[Arguments, Given]], Callable[Arguments, Given]]:
    """Return a decorator that keeps the newest results of a function of objects that never change.

    A result serves again only for the same objects, not for equal ones: terms of a deal are large, and to
    compare them costs more than most of what is asked of them. The objects are held as long as the result is,
    so no other object can take the place of one of them.

    Args:
        most: how many results are kept.
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
                kept.pop(next(iter(kept)), None)
            kept[key] = (args, given)
            return given

        return asked

    return keeping
