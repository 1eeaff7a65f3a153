"""The objects of a PDF, each turned into bytes once.

pydyf would do so when it writes the file and again when it hashes it.
"""

from __future__ import annotations

from typing import Any

from pydyf import Object


class Written(Object):  # type: ignore[misc]  # pydyf ships no types
    """An object whose bytes are settled."""

    data: Any = b""
    compressible: Any = True

    def __init__(self, item: Any) -> None:
        """Settle an object under its own number."""
        super().__init__()
        self.number, self.generation, self.free = item.number, item.generation, item.free
        self.data, self.compressible = item.data, item.compressible


def settle(pdf: Any) -> None:
    """Settle every object of a PDF that nobody changes any more."""
    # In place, because the writer holds the same list. A free object has no bytes to settle.
    pdf.objects[:] = [item if item.free == "f" else Written(item) for item in pdf.objects]
