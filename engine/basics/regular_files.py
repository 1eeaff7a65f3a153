"""Files opened for reading, and nothing else under their names.

A pipe, a socket or a device may have a file's name, as sync programs and scripts leave them. Its reader would
wait for ever, or read without end.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO

AT_ONCE: int = getattr(os, "O_NONBLOCK", 0)
"""Opens without waiting. Windows has no such flag, and no pipe there has the name of a file."""
HANDED_OVER = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""Where a shell shows what it has opened already for a command, which somebody means to be read."""


class NotAFile(OSError):
    """Raised for something else than a regular file; `strerror` says what it is."""


def open_file(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises NotAFile for a pipe, a socket or a device, and OSError as opening does.
    """
    if str(path).startswith(HANDED_OVER):
        return path.open("rb")
    # By this function, as a Path takes no opener; the caller closes the file.
    file: BinaryIO = io.open(path, "rb", opener=_opened)  # noqa: UP020, SIM115
    return file


def _opened(path: str, flags: int) -> int:
    try:
        # Without waiting: a pipe that nobody writes into would hold the reader for ever.
        handle = os.open(path, flags | AT_ONCE)
    except OSError as error:
        # A socket cannot be opened, nor a device without its driver; both look like a lost disk.
        if error.errno in (errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP):
            _refuse_other(path, os.stat(path).st_mode)  # noqa: PTH116  # as it was opened
        if error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK):
            raise
        # A file server such as Samba holds the file for a client, and gives it up to a reader who waits.
        _refuse_other(path, os.stat(path).st_mode)  # noqa: PTH116  # as it was opened
        handle = os.open(path, flags)
    try:
        _refuse_other(path, os.fstat(handle).st_mode)
    except OSError:
        os.close(handle)
        raise
    return handle


def _refuse_other(path: str, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(mode):
        what = "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
        raise NotAFile(errno.EINVAL, f"it is {what} and not a file", path)


def bytes_in(path: Path) -> bytes:
    """Return the bytes of a regular file. Raises as `open_file`."""
    with open_file(path) as file:
        return file.read()


def text_in(path: Path, encoding: str = "utf-8", errors: str = "strict") -> str:
    """Return the text of a regular file, each line end as a line feed. Raises as `open_file`."""
    return bytes_in(path).decode(encoding, errors).replace("\r\n", "\n").replace("\r", "\n")
