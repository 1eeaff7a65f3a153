"""Stop at once, with the one command that helps, where this machine lacks what Headroom needs."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys

LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
"""What WeasyPrint loads, and the Debian/Ubuntu package that has it."""


def missing() -> list[str]:
    """The packages that have to be installed."""
    found = []
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            found.append(package)
    if importlib.util.find_spec("ensurepip") is None:
        found.append("python3-venv")
    return found


def main() -> None:
    """Exit with 1 and a sentence where something is missing."""
    if sys.version_info < (3, 11):  # noqa: UP036  the older Python is what this line is for
        sys.exit(f"Headroom needs Python 3.11 or newer; this is {sys.version.split()[0]}. Name another: make PYTHON=python3.11 demo")
    packages = missing()
    if packages:
        sudo = "" if os.geteuid() == 0 else "sudo "
        names = " ".join(packages)
        sys.exit(f"missing system libraries: {names}\ninstall them with:\n  {sudo}sh -c 'apt-get update && apt-get install -y {names}'")


if __name__ == "__main__":
    main()
