"""What a style says of every box that has it.

It is the lengths that no surrounding box decides, and whether the box flows with its neighbours. WeasyPrint
resolves nineteen lengths of every box at every step of the layout, for a length may be a percentage. If none
is a percentage, all are the same for every box of a style.
"""

from __future__ import annotations

from typing import Any

from weasyprint.formatting_structure.boxes import Box, PageBox
from weasyprint.layout import percent

lengths_by_the_library = percent.resolve_percentages
flow_by_the_library = Box.is_in_normal_flow

SIDES = ("left", "right", "top", "bottom")
LENGTHS = (
    *(f"margin_{side}" for side in SIDES),
    *(f"padding_{side}" for side in SIDES),
    *("width", "min_width", "max_width", "height", "min_height", "max_height"),
)
BORDERS = tuple(f"border_{side}_width" for side in SIDES)


def resolve_percentages(box: Any, containing_block: Any) -> None:
    """Set the used lengths of a box, as the library's function of this name does."""
    style = box.style
    known = style.__dict__.get("fixed_lengths")
    if known is None:
        known = style.fixed_lengths = _fixed(style)
    if not known or isinstance(box, PageBox):
        lengths_by_the_library(box, containing_block)
        return
    lengths, borders, collapse = known
    own = box.__dict__
    if collapse:  # what the borders of a table have been given stays
        borders = {name: width for name, width in borders.items() if name not in own}
    own.update(lengths)
    own.update(borders)


def _fixed(style: Any) -> tuple[dict[str, Any], dict[str, Any], bool] | tuple[()]:
    """Return the lengths of a style, its borders, and whether they are a table's.

    The result is empty if a length needs the surrounding box.
    """
    # Another box sizing takes the padding off the width, which depends on the box.
    if style["box_sizing"] != "content-box":
        return ()
    lengths = {}
    for name in LENGTHS:
        value = style[name]
        if value == "auto":
            # The library itself gives 0 for an automatic minimum, and later steps compare it as a number.
            lengths[name] = 0 if name in ("min_width", "min_height") else "auto"
        elif value is not None and getattr(value, "unit", "%") != "%":
            lengths[name] = value.value
        else:
            return ()
    return lengths, {name: style[name] for name in BORDERS}, style["border_collapse"] == "collapse"


def is_in_normal_flow(box: Any) -> bool:
    """Return whether a box stands after the one before it, as the library's method of this name does."""
    style = box.style
    known = style.__dict__.get("in_flow")
    if known is None:
        known = style.in_flow = flow_by_the_library(box)
    return bool(known)
