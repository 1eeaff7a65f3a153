"""Marks for results and states, drawn from shapes that differ without colour, and the watermark's outlines.

A disc fills for a test, a square for a trigger; only what somebody must act on carries the accent. The
watermark is drawn as hollow outlines, so that it can be read through and stands in no text layer.
"""

from __future__ import annotations

import math
from io import BytesIO

from engine.events.states import TestStatus, TriggerStatus

INK, ACT = "#111", "#8a1c1c"
WORDS = "ILLUSTRATIVE - NOT A NOTICE"
PAGE_WORDS = "ILLUSTRATIVE - NOT A PUBLICATION"
"""What a page about an index is marked with, across it as at its head."""

TEST_MARKS: dict[TestStatus, str] = {
    TestStatus.NOT_YET_TESTED: "undetermined",
    TestStatus.COMPLIANT: "compliant",
    TestStatus.WATCH: "watch",
    TestStatus.PENDING: "pending",
    TestStatus.CURE_PERIOD: "cure",
    TestStatus.EVENT_OF_DEFAULT: "default",
    TestStatus.WAIVED: "waived",
    TestStatus.SUSPENDED: "suspended",
    TestStatus.CLOSED: "closed",
}


def trigger_mark(status: TriggerStatus, count: int) -> str:
    """Return the mark of a trigger: empty, half while it counts, full in effect, struck when waived."""
    if status is TriggerStatus.IN_EFFECT:
        return "in-effect"
    if status is TriggerStatus.WAIVED:
        return "trigger-waived"
    if status is TriggerStatus.CLOSED:
        return "trigger-closed"
    return "counting" if count else "not-in-effect"


def _svg(shapes: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{shapes}</svg>'


def _disc(share: float, colour: str = INK, dash: str = "", extra: str = "") -> str:
    """Return a disc of which `share` is filled, clockwise from the top."""
    angle = 2 * math.pi * share
    x, y = 50 + 40 * math.sin(angle), 50 - 40 * math.cos(angle)
    wedge = (
        f'<path d="M50 50V10A40 40 0 {int(share > 0.5)} 1 {x:.2f} {y:.2f}Z" fill="{colour}"/>'
        if 0 < share < 1
        else ""
    )
    if share >= 1:
        wedge = f'<circle cx="50" cy="50" r="41" fill="{colour}"/>'
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    rim = f'<circle cx="50" cy="50" r="42" fill="#fff" stroke="{colour}" stroke-width="9"{dashes}/>'
    return _svg(rim + wedge + extra)


def _square(share: float, colour: str = INK, extra: str = "") -> str:
    """Return a square of which `share` is filled, from below."""
    rim = f'<rect x="9" y="9" width="82" height="82" fill="#fff" stroke="{colour}" stroke-width="9"/>'
    fill = (
        f'<rect x="9" y="{91 - 82 * share:.1f}" width="82" height="{82 * share:.1f}" fill="{colour}"/>'
        if share
        else ""
    )
    return _svg(rim + fill + extra)


STRUCK = f'<path d="M22 78L78 22" stroke="{INK}" stroke-width="9"/>'
CROSSED = f'<path d="M22 78L78 22M22 22L78 78" stroke="{INK}" stroke-width="9"/>'
BARRED = f'<path d="M20 50H80" stroke="{INK}" stroke-width="9"/>'

MARKS: dict[str, str] = {
    "compliant": _disc(0),
    "watch": _disc(0.25),
    "pending": _disc(0.5),
    "cure": _disc(0.75, ACT),
    "default": _disc(1, ACT),
    "waived": _disc(0, extra=STRUCK),
    "suspended": _disc(0, extra=BARRED),
    "closed": _disc(0, extra=CROSSED),
    "undetermined": _disc(0, dash="18 15"),
    "not-in-effect": _square(0),
    "counting": _square(0.5),
    "in-effect": _square(1, ACT),
    "trigger-waived": _square(0, extra=STRUCK),
    "trigger-closed": _square(0, extra=CROSSED),
}
"""Every mark as an SVG; the word always stands beside it."""


def watermark(font: bytes, words: str, width: float, height: float, size: float, angle: float) -> str:
    """Return the words across a page of `width` x `height` millimetres, as one hollow outline.

    Args:
        font: the bytes of the font whose outlines are drawn.
        words: what it says.
        width: the width of the page, in mm.
        height: the height of the page, in mm.
        size: the height of the letters, in mm.
        angle: the angle of the line of text, in degrees.
    """
    from fontTools.pens.svgPathPen import SVGPathPen  # late: words are composed without it
    from fontTools.ttLib import TTFont

    opened = TTFont(BytesIO(font))
    glyphs, names = opened.getGlyphSet(), opened.getBestCmap()
    along, parts = 0, []
    for letter in words:
        glyph = glyphs[names[ord(letter)]]
        pen = SVGPathPen(glyphs)
        glyph.draw(pen)
        parts.append(f'<path transform="translate({along} 0)" d="{pen.getCommands()}"/>')
        along += glyph.width + 30
    scale = size / opened["head"].unitsPerEm
    place = (
        f"translate({width / 2} {height / 2}) rotate({angle}) scale({scale} {-scale}) "
        f"translate({-along / 2} -330)"
    )
    style = f'fill="none" stroke="#dcdcdc" stroke-width="{0.28 / scale:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"><g transform="{place}" '
        f"{style}>{''.join(parts)}</g></svg>"
    )
