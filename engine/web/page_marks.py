"""The marks that pages draw as SVG within the page.

They are the discs and squares of the notice, and the sheets that tell how far a notice has come.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup

INK, ACT, PAPER = "#111", "#8a1c1c", "#fff"
OUTLINE = "M8 8H64L92 36V122H8Z"
TICK = f'<path d="M28 74L46 94L74 52" fill="none" stroke="{PAPER}" stroke-width="12"/>'
CROSS = f'<path d="M30 58L70 102M70 58L30 102" stroke="{ACT}" stroke-width="11"/>'
STRUCK = f'<path d="M24 104L76 40" stroke="{INK}" stroke-width="10"/>'
ASKED = f'<path d="M50 46V84M50 96V108" stroke="{INK}" stroke-width="12"/>'


def _sheet(fill: str = "", colour: str = INK, dash: str = "", extra: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    rim = f'<path d="{OUTLINE}" fill="{PAPER}" stroke="{colour}" stroke-width="10"{dashes}/>'
    return rim + (f'<path d="{fill}" fill="{colour}"/>' if fill else "") + extra


SHEETS: dict[str, str] = {
    "drafted": _sheet(dash="16 13"),
    "released": _sheet(),
    "sending": _sheet(),
    "deferred": _sheet(),
    "sent": _sheet("M8 83H92V122H8Z"),
    "unknown": _sheet(extra=ASKED),
    "delivered": _sheet("M8 46H92V122H8Z"),
    "acknowledged": _sheet(OUTLINE),
    "given": _sheet(OUTLINE, extra=TICK),
    "failed": _sheet(colour=ACT, extra=CROSS),
    "overdue": _sheet(OUTLINE, colour=ACT),
    "superseded": _sheet(extra=STRUCK),
}
"""A notice by sheet: it fills as the notice gets further; dashed as a draft, crossed where it came back."""

OF_STATE = {
    "EVENT OF DEFAULT": "default",
    "CURE PERIOD": "cure",
    "IN EFFECT": "in-effect",
    "NOT IN EFFECT": "not-in-effect",
    "PENDING": "pending",
    "WATCH": "watch",
    "COMPLIANT": "compliant",
    "WAIVED": "waived",
    "SUSPENDED": "suspended",
    "CLOSED": "closed",
}
"""The mark of each state; a state that is not named here is undetermined."""


def sprite(marks: Mapping[str, str]) -> Markup:
    """Return all marks as symbols, once at the head of a page.

    Args:
        marks: the notice's own, each an SVG by name.
    """
    symbols = [
        f'<symbol id="m-{name}" viewBox="0 0 100 100">{inner(svg)}</symbol>' for name, svg in marks.items()
    ]
    symbols += [
        f'<symbol id="s-{name}" viewBox="0 0 100 130">{shapes}</symbol>' for name, shapes in SHEETS.items()
    ]
    return Markup(f'<svg class="sprite" aria-hidden="true" focusable="false">{"".join(symbols)}</svg>')


def inner(svg: str) -> str:
    """Return the shapes of a drawing without the drawing around them."""
    return re.sub(r"^<svg[^>]*>|</svg>$", "", svg)


def mark(name: str) -> Markup:
    """Return a disc or a square; the word stands beside it."""
    return Markup('<svg class="m" aria-hidden="true" focusable="false"><use href="#m-{}"/></svg>').format(
        name
    )


def state_mark(state: str) -> Markup:
    """Return the mark of a state by its word."""
    return mark(OF_STATE.get(state, "undetermined"))


def sheet(name: str) -> Markup:
    """Return the sheet of a notice's step; the word stands beside it."""
    known = name if name in SHEETS else "drafted"
    return Markup(
        '<svg class="m sheet" aria-hidden="true" focusable="false"><use href="#s-{}"/></svg>'
    ).format(known)


def pips(on: list[bool]) -> Markup:
    """Return a count as small squares, filled as far as it has come."""
    square = '<rect x=".8" y=".8" width="8.4" height="8.4" fill="{}" stroke="#111" stroke-width="1.6"/>'
    one = f'<svg class="pip" viewBox="0 0 10 10">{square}</svg>'
    drawn = "".join(one.format(INK if each else PAPER) for each in on)
    return Markup(f'<span class="pips" aria-hidden="true">{drawn}</span>')


def own_clip(drawing: Markup, number: int) -> Markup:
    """Return a strip of the notice with a clip path of its own name.

    Several strips stand on a page, and the notice names each clip path `h`.
    """
    return Markup(str(drawing).replace('id="h"', f'id="h{number}"').replace("url(#h)", f"url(#h{number})"))


WIDTH, AXIS, FULL = 142, 62, 0.4
"""Three measures of the bar of a fall, in the drawing's own units.

They are its width, the place of the present rate, and the share that fills the shorter side.
"""


def fall_bar(share: float, failing: bool, number: int) -> Markup:
    """Return a bar that shows how far the rate is from the test that it turns next.

    A grey bar shows room that is left. A hatched bar shows what is missing.

    Args:
        share: the distance as a share of the Reference Rate, without a sign.
        failing: whether the test fails now.
        number: of the bar on its page, so that each bar has a clip path of its own.
    """
    long = min(share, FULL) / FULL * (AXIS - 1)
    axis = f'<path d="M{AXIS} 0V16" stroke="{INK}" stroke-width="1.4"/>'
    if not failing:
        body = f'<rect x="{AXIS}" y="3" width="{min(long, WIDTH - AXIS):.1f}" height="10" fill="#8a8a8a"/>'
    else:
        left = AXIS - long
        lines = "".join(f"M{left - 10 + 6 * step:.1f} 15l14 -14" for step in range(int(long // 6) + 3))
        clip = (
            f'<clipPath id="f{number}"><rect x="{left:.1f}" y="3" width="{long:.1f}" height="10"/></clipPath>'
        )
        hatch = f'<path clip-path="url(#f{number})" stroke="{INK}" stroke-width="1.2" d="{lines}"/>'
        beyond = f'<path d="M0 8l8 -7v14z" fill="{INK}"/>' if share > FULL else ""
        body = (
            f'{clip}{hatch}<rect x="{left:.1f}" y="3" width="{long:.1f}" height="10" fill="none" '
            f'stroke="{INK}"/>{beyond}'
        )
    head = f'<svg class="fallbar" viewBox="0 0 {WIDTH} 16" width="{WIDTH}" height="16" aria-hidden="true">'
    return Markup(f"{head}{body}{axis}</svg>")
