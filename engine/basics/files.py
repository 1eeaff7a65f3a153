"""Files written whole, and text that turns into bytes and back without loss.

What is not text is found at its place.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.basics.errors import RUN_AGAIN, Place, Problem, Unavailable, WrongUsage
from engine.basics.regular_files import bytes_in, open_file

LARGEST_TOML = 1_000_000
MARK = "\ufeff"
"""The byte order mark that programs on Windows put before a text."""
STRANGE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\ufff9-\uffff\ud800-\udfff"
    # Unicode's Default_Ignorable_Code_Point, and signs of a script or of music whose shape is empty
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060-\u206f\u2800\u3164\uffa0\ufff0-\ufff8"
    "\U00013441\U00013442\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
    # The mark of a byte order is strange anywhere but at the beginning. That is asked last: a search that
    # begins with one of a set is quick.
    "\ufeff](?<!\\A\ufeff)"
)
"""What nobody can have meant in a text that decides something.

It is a control character other than a tab or a line end, or one that turns the direction of reading. It is
an invisible one, a line end that editors do not show, or one for a byte that is not UTF-8. What joins letters
or chooses their shape is taken, because several languages and emoji are written with it.
"""
TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
CONTROLS = re.compile("[\x00-\x1f\x7f-\x84\x86-\x9f]")
HIDDEN_ENDS = "\x85\u2028\u2029"
UTF_16 = re.compile("\udcff\udcfe|\udcfe\udcff|\0[^\0]|[^\0]\0")
"""The beginning of a text in UTF-16, with or without its mark, whose bytes were taken for UTF-8."""
ENDS = re.compile("\r\n?|\n")
LOST_DISK = frozenset(
    getattr(errno, name)
    for name in (
        *("EIO", "ESTALE", "ENODEV", "ENXIO", "ENOTCONN", "ETIMEDOUT", "ECONNABORTED", "ECONNRESET"),
        *("EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "EMFILE", "ENFILE", "ENOMEM"),
    )
)
"""The numbers of errors of a disk that fails, a share that went away, and a machine without room for more."""
LITTER = re.compile(
    r"\.DS_Store|\._.*|\.~lock\..*|~\$.*|Thumbs\.db|ehthumbs\.db|desktop\.ini|\..*\.sw[a-z]", re.IGNORECASE
)
"""The names of files that operating systems, office programs and editors leave in folders."""
_MARKED: dict[Path, Path] = {}
"""Folders that may disappear while a command works in them, such as shares.

Each has the file by which it is known. If the file is missing, the folder is not the same any more.
"""


def refuse_lost_disk(error: OSError) -> None:
    """Raise Unavailable for an error of a disk or a share; an error of the file itself passes.

    What was read then says nothing about the file, so nothing may be concluded from it.
    """
    if error.errno in LOST_DISK:
        where = f"{error.filename}: " if error.filename else ""
        raise Unavailable(f"{where}{error.strerror}; remove the cause. {RUN_AGAIN}") from error


def is_litter(name: str) -> bool:
    """Return whether a file's name says that a system or an office program left the file in its folder."""
    return LITTER.fullmatch(name) is not None


def write_only_beside(mark: Path) -> None:
    """From now on, refuse to write below the folder of `mark` while the file `mark` is missing there.

    A share that goes away leaves an empty folder, or none. What was written there would be on another disk.
    """
    # Absolute: `.` is another folder once somebody has gone elsewhere.
    _MARKED[mark.parent.absolute()] = mark


def write_private(place: Path, data: bytes) -> None:
    """Write a new file that only its owner may read (mode 0600), whole or not at all.

    Raises FileExistsError if a file is there already.
    """
    # The mode is given at creation. A later chmod would leave a moment in which others could read the key.
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        place.unlink(missing_ok=True)
        raise


def write_whole(place: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    The steps are: temporary file, fsync, rename, fsync of the folder. A file that is there already is
    replaced. The process's umask decides who may read it, so a private key must not be written with this
    function.
    """
    write_all_whole({place: data})


def write_all_whole(files: Mapping[Path, bytes]) -> None:
    """Write several files, each whole or not at all.

    Each folder is synced once, after all files have their names.
    """
    for place, data in files.items():
        _renamed_into(place, data)
    # Without this, a power failure can lose the new name although the bytes are on the disk.
    for parent in {place.parent for place in files}:
        folder = os.open(parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_for_now(place: Path, data: bytes) -> None:
    """Write a file that may be lost at any time, such as one in a cache.

    The file appears whole under its name or not at all. Neither the file nor its folder is synced to disk.
    """
    _renamed_into(place, data, on_the_disk=False)


def _renamed_into(place: Path, data: bytes, on_the_disk: bool = True) -> None:
    """Write the bytes to a temporary file and give it its name.

    The bytes are synced to disk unless `on_the_disk` is False. The new name in the folder is not synced: the
    caller does that if it matters. Raises Unavailable if `write_only_beside` forbids the place.
    """
    # Asked at each write, as a share may go away in the middle of a run.
    guarded = next((folder for folder in place.absolute().parents if folder in _MARKED), None)
    if guarded is not None and not (guarded / (mark := _MARKED[guarded]).name).is_file():
        raise Unavailable(
            f"{mark.parent} is not there any more: its {mark.name} is missing, and nothing more is written; "
            "bring the folder back as it was, then run again"
        )
    place.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because a rename across disks is not atomic.
    temporary = place.parent / f".partial-{secrets.token_hex(8)}"
    # opened with the mode of any new file: `tempfile` makes files that only their owner can read
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if on_the_disk:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_text(path: Path) -> str:
    """Return the text of a file, from which `bytes_of` makes the same bytes again.

    Raises WrongUsage if the file does not exist.
    """
    if not path.is_file():
        raise WrongUsage(f"no such file: {path}")
    return text_of(bytes_in(path))


def text_of(data: bytes) -> str:
    """Return the text of a file's bytes as it stands, with its line ends untouched.

    A byte that is not UTF-8 becomes a character that `strange` finds.
    """
    return data.decode("utf-8", "surrogateescape")


class NoToml(ValueError):
    """Raised, with the reason, for a file that cannot be read as TOML."""


def read_toml(path: Path, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Return what a TOML file says. A byte order mark and the line ends of Windows are accepted.

    Raises NoToml if the file is not TOML, OSError if it cannot be read.
    """
    with open_file(path) as file:
        # Bounded before it is parsed, since a parser needs many times the size of its text.
        data = file.read(LARGEST_TOML + 1)
    if len(data) > LARGEST_TOML:
        raise NoToml(f"more than {LARGEST_TOML:,} bytes")
    text = without_mark(text_of(data)).replace("\r\n", "\n")
    for problem in strange(text, path.name):
        raise NoToml(
            f"line {problem.place.line}, column {problem.place.column}: {problem.what}; {problem.fix}"
        )
    try:
        found = tomllib.loads(text, parse_float=parse_float)
    except RecursionError:
        raise NoToml("nested too deep") from None
    except (ValueError, ArithmeticError) as error:
        raise NoToml(str(error).splitlines()[0]) from None
    # An escape like `\\u202e` is plain in the file, and would act where its text is shown.
    for where, said in texts_in(found):
        if (sign := STRANGE.search(said)) is not None:
            raise NoToml(f"`{'.'.join(where)}` has {shown_sign(sign[0])[0]}; remove it")
    return found


def texts_in(value: Any, where: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text in nested blocks and lists, keys too, each with the keys that lead to it."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield where, str(key)
            yield from texts_in(one, (*where, str(key)))
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one, where)


def bytes_of(text: str) -> bytes:
    """Return the bytes of a text that `text_of` made: exactly the bytes that it was made from."""
    return text.encode("utf-8", "surrogateescape")


def without_mark(text: str) -> str:
    """Return a text without its leading byte order mark, if it has one."""
    return text.removeprefix(MARK)


def strange(text: str, file: str) -> list[Problem]:
    """Return the first thing in a text that nobody can have meant, as a list of one problem with its place.

    It is a byte that is not UTF-8 (Y105) or a character that does not show (Y104). The list is empty for a
    clean text.
    """
    match = STRANGE.search(text)
    if match is None:
        return []
    before = ENDS.split(text[: match.start()])
    place = Place(file, len(before), len(before[-1]) + 1)
    if UTF_16.match(text):
        why = "Excel saves its `Unicode Text` so, and some editors of Windows"
        fix = "save it as UTF-8; Excel calls that `CSV UTF-8 (comma delimited)`"
        return [Problem("Y105", "the file is UTF-16 and not UTF-8", why, fix, Place(file))]
    if "\ud800" <= match[0] <= "\udfff" or match[0] == "\ufffd":
        why = "what is not UTF-8 cannot be read, and a guess could be wrong"
        return [Problem("Y105", "the file is not UTF-8 from here on", why, "save the file as UTF-8", place)]
    what, why = shown_sign(match[0])
    return [Problem("Y104", what, why, "remove it", place)]


def shown_sign(sign: str) -> tuple[str, str]:
    """Return what a strange character is, with its number, and why it is refused."""
    what, why = _of(sign)
    return f"{what} (U+{ord(sign):04X})", why


def _of(sign: str) -> tuple[str, str]:
    if sign in HIDDEN_ENDS:
        return "a line end that editors do not show", "what follows would be read as a line of its own"
    if TURNS.match(sign):
        return (
            "a character that turns the direction of reading",
            "the text that a reader sees would differ from the text that is read",
        )
    if CONTROLS.match(sign):
        return "a control character", "control characters are invisible to a reader"
    return "an invisible character", "two texts that look alike would differ"
