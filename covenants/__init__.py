"""One file per covenant template: its terms, what it measures, how it shows its working.

A template is added by adding a file here that ends with `TEMPLATE = Template(...)`; nothing else is edited.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module

from engine.determination.template import Template


def templates() -> Mapping[str, Template]:
    """All templates of this folder, by the name that a deal file uses."""
    modules = (import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    found = (module.TEMPLATE for module in modules if hasattr(module, "TEMPLATE"))
    return {template.name: template for template in sorted(found, key=lambda template: template.name)}
