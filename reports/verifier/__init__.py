"""The verifier for people who install nothing.

It is a file that a browser opens from disk, made of the parts in this folder.
"""

from __future__ import annotations

from importlib.resources import files

PARTS = (
    "bytes",
    "log",
    "pdf_values",
    "pdf",
    "seal",
    "time",
    "words",
    "figures",
    "stamps",
    "page",
    "sentences",
    "sellers",
    "steps",
    "policy",
    "bundle",
    "desk",
)
"""The parts in their order; each stands on those before it."""


def verifier_page() -> str:
    """Return the whole file: a page without a network address, a dependency or a font of its own."""
    folder = files("reports").joinpath("verifier")
    script = "\n".join(folder.joinpath(f"{name}.js").read_text(encoding="utf-8") for name in PARTS)
    return folder.joinpath("page.html").read_text(encoding="utf-8").replace("/*PARTS*/", script)
