"""One file per covenant template: its terms, what it measures, how it shows its working.

A template is added by adding a file here that ends with `TEMPLATE = Template(...)`; nothing else is edited.
The file has the template's name, so one is imported only if a deal uses it.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.determination.template import Template


@cache
def _template(name: str) -> Template:
    template: Template = import_module(f"{__name__}.{name}").TEMPLATE
    return template


class Templates(Mapping[str, "Template"]):
    """The templates of this folder, by the name that a deal file uses.

    Each template's module is imported when the template is first asked for.
    """

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return every template's name, sorted."""
        return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))

    def __getitem__(self, name: str) -> Template:
        """Return the template of this name. Raises KeyError if the folder does not hold it."""
        if name not in self.names:
            raise KeyError(name)
        return _template(name)

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the templates, sorted."""
        return iter(self.names)

    def __len__(self) -> int:
        """Return the number of templates."""
        return len(self.names)


@cache
def templates() -> Templates:
    """Return all templates of this folder."""
    return Templates()
