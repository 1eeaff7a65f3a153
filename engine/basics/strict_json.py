"""JSON that has one reading: no key twice in one object, and no number that JSON does not have.

Python and most other readers take the later of two values without a word; a few take the first. A file with
two readings would be one thing to the person who looks at it and another to the engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.basics.inert import inert

MOST_NAMED, MOST_STEPS = 10, 8
"""The most keys that one refusal names, and the most steps of the way to one."""
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]', re.DOTALL)
LINE_END = re.compile("\r\n?|\n")


class NotJson(ValueError):
    """Raised, with the reason and the place, for a text that is not JSON or has two readings."""


class _Twice(Exception):
    """A key stands twice. Not a ValueError, so that no reader takes it for another fault."""


def read_json(data: bytes | str) -> Any:
    """Return what JSON says.

    Raises NotJson for a key that stands twice in one object, for NaN and Infinity, and for what is nested too
    deep. Text that cannot be read as JSON, or is not UTF-8, is refused alike.
    """
    return _read(data, keep=True)


def refuse_second_reading(data: bytes | str) -> None:
    """Raise as `read_json` does, without holding what the text says, which may take much room."""
    _read(data, keep=False)


def _read(data: bytes | str, keep: bool) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any] | None:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise _Twice
        return found if keep else None

    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        return json.loads(text, object_pairs_hook=once, parse_constant=_refuse)
    except _Twice:
        raise NotJson(_said(text)) from None
    except RecursionError:
        raise NotJson("nested too deep") from None
    except ValueError as error:
        raise NotJson(str(error)) from None


def _refuse(name: str) -> None:
    raise NotJson(f"{name} is not a number in JSON")


def _said(text: str) -> str:
    """Return which keys of a text stand twice, each with both places."""
    found: list[str] = []
    more = 0
    for blocks, first, again in _second_keys(text):
        if len(found) == MOST_NAMED:
            more += 1
            continue
        line, column = _place(text, again)
        where = ("…." if len(blocks) > MOST_STEPS else "") + ".".join(
            block.step for block in blocks[-MOST_STEPS:]
        )
        found.append(
            f"line {line}, column {column}: the key `{inert(where)}` stands a second time, "
            f"after line {_place(text, first)[0]}"
        )
    others = f"; and {more} more" if more else ""
    return f"{'; '.join(found)}{others}; leave one of each"


@dataclass(slots=True)
class _Block:
    """An open block: its keys with their places, None in a list; and the step that leads on from it."""

    keys: dict[str, int] | None
    step: str


def _second_keys(text: str) -> Iterator[tuple[Sequence[_Block], int, int]]:
    """Yield for each key that stands again the blocks open there, where it stood first, and where again.

    What follows a second key was not read, and need not be JSON: the search ends where no block is open.
    """
    blocks: list[_Block] = []
    text_before: tuple[str, int] | None = None
    for match in TOKEN.finditer(text):
        sign = match[0]
        if sign in "{[":
            blocks.append(_Block({}, "") if sign == "{" else _Block(None, "0"))
        elif not blocks:
            return
        elif sign in "}]":
            blocks.pop()
        elif sign == "," and blocks[-1].keys is None:
            blocks[-1].step = str(int(blocks[-1].step) + 1)
        elif sign == ":" and text_before is not None and (keys := blocks[-1].keys) is not None:
            try:
                # An escape may spell the same key in another way.
                key = json.loads(text_before[0])
            except ValueError:
                return
            blocks[-1].step = key
            if key in keys:
                yield blocks, keys[key], text_before[1]
            else:
                keys[key] = text_before[1]
        text_before = (sign, match.start()) if sign[0] == '"' else None


def _place(text: str, at: int) -> tuple[int, int]:
    lines = LINE_END.split(text[:at])
    return len(lines), len(lines[-1]) + 1
