"""Templates filled with a context, without anything that draws (`rulings.md` 64).

The words of a document stand there in their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from reports.render.assets import legible
from reports.render.page_density import density, long_head


def to_html(template: str, context: Mapping[str, Any], paper: str) -> str:
    """Return a template filled with a context; every value is escaped, whatever it says."""
    return (
        _environment()
        .get_template(template)
        .render(c=context, paper=paper, density=density(context), long_head=long_head(context))
    )


def piece(template: str, macro: str, value: Mapping[str, Any]) -> str:
    """Return one piece of a template filled with a value, as the whole template fills it."""
    return str(getattr(_environment().get_template(template).module, macro)(value))


@cache
def _environment() -> SandboxedEnvironment:
    """Return the environment of the templates.

    Deal text is data, never a template. What a template lacks is an error. A character that the fonts lack is
    spelled out.
    """
    from importlib.resources import files

    return SandboxedEnvironment(
        loader=FileSystemLoader(str(files("reports").joinpath("templates"))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )


def _printable(value: Any) -> Any:
    if isinstance(value, Markup):
        return value
    return legible(value) if isinstance(value, str) else value
