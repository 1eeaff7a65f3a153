"""Folders that many tests begin from: made once in a process, copied for each test, which may then change its
own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Hashable
from pathlib import Path
from tempfile import TemporaryDirectory

_MADE: dict[Hashable, TemporaryDirectory[str]] = {}


def copy_of(what: Hashable, make: Callable[[Path], object], into: Path) -> Path:
    """A copy in `into` of the folder that `make` makes of an empty one, once for all who ask for the same.

    Args:
        what: everything that `make` depends on.
        make: fills the folder that it is given, and closes what it opened there.
        into: where the copy goes; it may be there already.
    """
    if what not in _MADE:
        folder = TemporaryDirectory(prefix="headroom-built-")
        make(Path(folder.name))
        _MADE[what] = folder  # gone with the process
    return Path(shutil.copytree(_MADE[what].name, into, dirs_exist_ok=True))
