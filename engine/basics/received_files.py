"""Files that somebody hands over: read whole and within bounds, or refused with what stands in their place.

A sync program, a browser, a full disk or a broken link leaves a name without its file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.basics.errors import Unavailable, WrongUsage
from engine.basics.regular_files import bytes_in

LARGEST = 64 * 2**20
"""Bytes of the largest file that is taken: more than a tape of a million contracts, or a scanned document."""
PLACEHOLDER = re.compile(
    r"\.(?P<hidden>.+)\.icloud|(?P<synced>.+)\.(?:nextcloud|owncloud|cloud)"
    r"|(?P<begun>.+)\.(?:crdownload|opdownload|download|part|partial|filepart)",
    re.IGNORECASE | re.DOTALL,
)
"""The name of what stands in the place of a file that is not whole on this machine.

Sync programs leave one until they download the file (`hidden`, `synced`). Browsers leave one until a
download ends, or for good where it was interrupted (`begun`).
"""


class NotReceived(WrongUsage):
    """Raised for a name without its file.

    Attributes:
        what: what stands there.
        fix: what to do.
    """

    def __init__(self, name: str, what: str, fix: str) -> None:
        self.what, self.fix = what, fix
        super().__init__(f"{name}: {what}; {fix}")


def not_downloaded(name: str) -> str | None:
    """Return the name of the file that another file keeps a place for; None for any other file.

    iCloud leaves `.report.xlsx.icloud` where it has not downloaded `report.xlsx`.
    """
    match = PLACEHOLDER.fullmatch(name)
    return match[match.lastgroup or 0] if match else None


def not_synced(name: str) -> str | None:
    """Return the same for what a sync program leaves alone, and None for a download that was interrupted."""
    match = PLACEHOLDER.fullmatch(name)
    return None if match is None or match["begun"] else not_downloaded(name)


def has_content(path: Path) -> bool:
    """Return whether a file is there and not empty."""
    return path.is_file() and path.stat().st_size > 0


def is_leftover(path: Path) -> bool:
    """Return whether a file keeps the place of another that is whole beside it, and so says nothing."""
    name = not_downloaded(path.name)
    return name is not None and has_content(path.with_name(name))


def names_not_downloaded(
    folder: Path, stands_for: Callable[[str], str | None] = not_downloaded
) -> tuple[str, ...]:
    """Return the names of files that others keep places for in a folder, sorted; none without it.

    Files that are whole beside their placeholders are left out. What a name stands for is `stands_for`.
    """
    there = folder.iterdir() if folder.is_dir() else ()
    left = (path for path in there if not is_leftover(path))
    return tuple(sorted({one for path in left if (one := stands_for(path.name)) is not None}))


def refuse_not_synced(parts: Sequence[Path]) -> None:
    """Raise Unavailable, naming each, if a sync program keeps the places of files alone."""
    if not parts:
        return
    named, (are, place, them) = ", ".join(map(str, parts)), ("is", "its place", "it")
    if len(parts) > 1:
        are, place, them = "are", "their places", "them"
    raise Unavailable(
        f"{named} {are} not on this machine: a sync program keeps {place} alone; nothing was done: have the "
        f"sync program download {them}, and enter this again"
    )


def refuse_without_content(name: str, data: bytes) -> None:
    """Raise NotReceived if a file has no byte that says anything, or stands for another."""
    if (elsewhere := not_downloaded(name)) is not None:
        what = f"the file stands for {elsewhere}, and the file itself is not whole on this machine"
        raise NotReceived(name, what, f"download {elsewhere}, and give that")
    # Zero bytes fill a file whose content a disk or a sync program has lost.
    if not data.strip(b"\0\r\n\t "):
        raise NotReceived(name, "the file has no content", "have it sent again, or download it again")


def read_received(path: Path) -> bytes:
    """Return the bytes of a file that somebody hands over.

    Raises NotReceived for a broken link, a folder or a device, and for a file that is empty, too large, or
    stands for another.
    """
    if path.is_symlink() and not path.exists():
        raise NotReceived(path.name, "the name is a link to a file that is not there", "put the file there")
    if not path.exists():
        raise WrongUsage(f"no such file: {path}")
    if not path.is_file():
        what = "a folder" if path.is_dir() else "a device or a pipe"
        raise NotReceived(path.name, f"it is {what} and not a file", "give the file itself")
    # Bounded before it is read, because the file may be anything.
    if path.stat().st_size > LARGEST:
        fix = "send the figures alone, or the document in parts"
        raise NotReceived(path.name, f"the file has more than {LARGEST:,} bytes", fix)
    data = bytes_in(path)
    refuse_without_content(path.name, data)
    return data


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder, those below linked folders too, each folder once, by name.

    Broken links, devices and pipes come as well. Raises OSError for a folder that cannot be listed.
    """

    def refuse(error: OSError) -> None:
        # Without this, a folder that nobody may read would be passed over as if it were empty.
        raise error

    seen: set[str] = set()
    for here, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        real = os.path.realpath(here)
        folders[:] = [] if real in seen else sorted(folders)
        yield from () if real in seen else (Path(here) / name for name in sorted(names))
        seen.add(real)
