"""JSON that has one reading: no key twice in one object, and no number that JSON does not have.

Python and most other readers take the later of two values without a word; a few take the first. A file with
two readings would be one thing to the person who looks at it and another to the engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from engine.basics.inert import inert

MOST_NAMED = 10
"""The most keys that one refusal names."""
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
    for where, first, again in _second_keys(text):
        if len(found) < MOST_NAMED:
            line, column = _place(text, again)
            found.append(
                f"line {line}, column {column}: the key `{inert('.'.join(where))}` stands a second time, "
                f"after line {_place(text, first)[0]}"
            )
        else:
            more += 1
    others = f"; and {more} more" if more else ""
    return f"{'; '.join(found)}{others}; leave one of each"


def _second_keys(text: str) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Yield the path of each key that stands again in its object, where it stood first, and where again."""
    # Each open block: the keys so far with their places, None in a list; and the step that leads on from it.
    blocks: list[tuple[dict[str, int] | None, list[str]]] = []
    text_before: tuple[str, int] | None = None
    for match in TOKEN.finditer(text):
        sign = match[0]
        if sign in "{[":
            blocks.append(({}, [""]) if sign == "{" else (None, ["0"]))
        elif sign in "}]":
            blocks.pop()
        elif sign == "," and blocks[-1][0] is None:
            blocks[-1][1][0] = str(int(blocks[-1][1][0]) + 1)
        elif sign == ":" and text_before is not None and blocks[-1][0] is not None:
            # An escape may spell the same key in another way.
            key, keys = json.loads(text_before[0]), blocks[-1][0]
            blocks[-1][1][0] = key
            if key in keys:
                yield tuple(step[0] for _, step in blocks), keys[key], text_before[1]
            else:
                keys[key] = text_before[1]
        text_before = (sign, match.start()) if sign[0] == '"' else None


def _place(text: str, at: int) -> tuple[int, int]:
    lines = LINE_END.split(text[:at])
    return len(lines), len(lines[-1]) + 1
