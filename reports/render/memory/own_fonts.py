"""Which documents are drawn from memory.

They are those with the fonts and the style sheet of this product, which every notice has. A page of the web
brings a sheet and fonts of its own. What is kept of it would never be asked for again, and would keep its
fonts alive.
"""

from __future__ import annotations

from typing import Any

_own: list[Any] = []


def own(fonts: Any) -> None:
    """Draw documents with these fonts from memory."""
    _own[:] = [fonts]


def ours(fonts: Any) -> bool:
    """Return whether documents with these fonts are drawn from memory."""
    return bool(_own) and _own[0] is fonts


def disown() -> None:
    """Draw no document from memory any more."""
    _own.clear()
