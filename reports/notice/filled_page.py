"""The filled template of a notice, kept between two steps.

The reading of its words and its drawing need the same template, and ask for it in turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.events.notice import NoticeInputs
from reports.notice.compose import compose
from reports.notice.markup import to_html

MOST = 32
"""Pages that wait to be drawn; a run reads the words of a window of notices before it draws them."""

Filled = tuple[Mapping[str, Any], str]
"""A notice's context, and the template filled with it, for A4."""

_waiting: dict[Any, tuple[NoticeInputs, Filled]] = {}


def filled_page(inputs: NoticeInputs) -> Filled:
    """Return a notice's filled template, made when first asked for, and let go of when asked for again."""
    key = (inputs.deal, inputs.number, inputs.print, tuple(sorted(inputs.attachments)))
    known = _waiting.pop(key, None)
    if known is not None and _same(known[0], inputs):
        return known[1]
    context = compose(inputs)
    made = context, to_html("notice.html.j2", context, "a4")
    if len(_waiting) >= MOST:
        _waiting.clear()
    _waiting[key] = inputs, made
    return made


def _same(one: NoticeInputs, other: NoticeInputs) -> bool:
    """Return whether two inputs are the same but for the bytes of the attached files.

    A page says only the names of these files.
    """
    if one.events is not other.events or one.publications is not other.publications:
        return False
    alone, beside = (replace(inputs, attachments={}, events=(), publications={}) for inputs in (one, other))
    return alone == beside
