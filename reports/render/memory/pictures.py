"""Marks and the watermark, drawn once in a process.

Each page has them behind its text, and WeasyPrint would read their outlines each time. The lines of the
drawing are kept, and the opacities that they name. A picture with text or with pictures in it is not kept.
"""

from __future__ import annotations

from typing import Any

from pydyf import Dictionary
from weasyprint.images import SVGImage

picture_by_the_library = SVGImage.draw


def draw(image: Any, stream: Any, width: float, height: float, style: Any) -> None:
    """Draw a picture to a stream, as the library's method of this name does."""
    if (
        stream.extra.get("Subtype") != "/Form" or len(stream.stream) != 1
    ):  # not a group of its own: what it draws depends on the page
        picture_by_the_library(image, stream, width, height, style)
        return
    kept = image.__dict__.setdefault("kept", {})
    if (width, height) not in kept:
        picture_by_the_library(image, stream, width, height, style)
        if _alone(stream):
            kept[width, height] = stream.stream[1:], dict(stream._resources["ExtGState"])
        return
    lines, states = kept[width, height]
    stream.stream.extend(lines)
    stream._resources["ExtGState"].update({name: Dictionary(state) for name, state in states.items()})


def _alone(stream: Any) -> bool:
    """Return whether a drawing names nothing that another document would not have."""
    return not any(stream._resources[kind] for kind in ("XObject", "Pattern", "Shading")) and not any(
        line.endswith(b" Tf") for line in stream.stream if isinstance(line, bytes)
    )
