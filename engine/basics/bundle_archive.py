"""A bundle: one file that holds many, written the same way each time and read within bounds.

The form is a zip archive with a `manifest.json` that names every other member with its SHA-256. A reader
takes no name that leads out of its folder, and no member twice. A reader takes no more members or bytes than
a bundle can have, whatever the archive says of itself, and nothing that the manifest does not name.
"""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from engine.basics.canonical_json import canonical, sha256_hex
from engine.basics.errors import VerificationFailed
from engine.basics.files import refuse_lost_disk
from engine.basics.regular_files import open_file
from engine.basics.strict_json import NotJson, read_json

MANIFEST = "manifest.json"
LARGEST_FILE = 512 * 2**20
LARGEST_MEMBER = 64 * 2**20
LARGEST_INSIDE = 1024 * 2**20
MOST_MEMBERS = 20_000
NAME = re.compile(r"[A-Za-z0-9@._-]{1,120}(?:/[A-Za-z0-9@._-]{1,120}){0,7}")
"""A member's name: folders and a file of plain characters. `plain` refuses `..` and empty steps."""
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,  # what zipfile raises for a compression or a version that it does not know
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
)
"""The errors that reading a damaged archive can raise; which one depends on the damaged part."""
STAMP = (1980, 1, 1, 0, 0, 0)
"""The date of every member, so that the same files make the same bytes."""
STEP = 2**20
LOCAL, CENTRAL, END = 30, 46, 22
"""Bytes of a zip archive beside the names: before each member, for it in the directory, and at the end."""
LINK = 0o120000
"""The kind of a member that a program may unpack as a link to another place."""
MORE = "the bundle holds bytes that belong to none of its members"


def packed(files: Mapping[str, bytes], about: Mapping[str, str]) -> bytes:
    """Return a bundle of these files as bytes, with a manifest that says what the bundle is `about`.

    Raises ValueError for a name that a reader would refuse.
    """
    places: dict[str, tuple[str, bool]] = {}
    for name in files:
        if not plain(name) or clashes(name, places):
            raise ValueError(f"{name!r} cannot be a member of a bundle")
    stated = {
        "version": 1,
        "about": dict(about),
        "files": {name: sha256_hex(data) for name, data in files.items()},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        # Sorted, with a fixed date and mode: the same files make the same bytes on any machine.
        for name, data in [(MANIFEST, canonical(stated)), *sorted(files.items())]:
            member = zipfile.ZipInfo(name, STAMP)
            member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            archive.writestr(member, data)
    return out.getvalue()


def plain(name: str) -> bool:
    """Return whether a member of a bundle may have this name."""
    return (
        name != MANIFEST
        and NAME.fullmatch(name) is not None
        and not any(step.strip(".") == "" for step in name.split("/"))
    )


def clashes(name: str, places: dict[str, tuple[str, bool]]) -> bool:
    """Return whether a folder could not hold a member of this name beside those before it.

    Some folders take names in other letters' case for the same name, and none holds a file that has files.

    Args:
        name: the member's name.
        places: every folder and file so far by its name in small letters, as it was spelled and whether it is
            a file; those of this name are added.
    """
    steps = name.split("/")
    parts = [("/".join(steps[:count]), count == len(steps)) for count in range(1, len(steps) + 1)]
    return any(places.setdefault(part.lower(), (part, file)) != (part, file) for part, file in parts)


def unpacked(path: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the files of a bundle by name, and what its manifest says that the bundle is about.

    Raises VerificationFailed if the file is not a bundle, is larger than a bundle can be, or holds something
    else than its manifest says; Unavailable if the disk fails.
    """
    if path.stat().st_size > LARGEST_FILE:
        raise VerificationFailed(f"{path.name} has more than {LARGEST_FILE:,} bytes")
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
            _refuse_more(archive, path)
    except UNREADABLE as error:
        if isinstance(error, OSError):
            refuse_lost_disk(error)
        raise VerificationFailed(f"{path.name} is not a bundle: {type(error).__name__}") from error
    stated = _stated(members.pop(MANIFEST, None))
    actual = {name: sha256_hex(data) for name, data in members.items()}
    different = sorted(name for name in {*actual, *stated[0]} if actual.get(name) != stated[0].get(name))
    if different:
        raise VerificationFailed(f"{different[0]} is not what the bundle's manifest states, or is missing")
    return members, stated[1]


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    places: dict[str, tuple[str, bool]] = {}
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise VerificationFailed(f"the bundle has more than {MOST_MEMBERS:,} members")
    whole = 0
    for member in members:
        name = member.filename
        if (name != MANIFEST and not plain(name)) or member.is_dir() or _is_link(member):
            raise VerificationFailed(f"the bundle has a member {name[:60]!r}, which no bundle has")
        if name in files:
            raise VerificationFailed(f"the bundle has two members {name}")
        if clashes(name, places):
            raise VerificationFailed(f"the bundle has a member {name} that no folder holds beside another")
        # Other methods may need memory that the header of the member chooses.
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise VerificationFailed(f"{name} of the bundle is compressed by a method that is not read")
        files[name] = _read(archive, member)
        whole += len(files[name])
        # Each member has a bound of its own, but thousands of them together could still fill the memory.
        if whole > LARGEST_INSIDE:
            raise VerificationFailed(
                f"the bundle's members are longer than {LARGEST_INSIDE:,} bytes together"
            )
    return files


def _is_link(member: zipfile.ZipInfo) -> bool:
    return (member.external_attr >> 16) & 0o170000 == LINK


def _refuse_more(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse an archive with bytes before its members, between them or after them, beside its own lines.

    Another program may unpack such bytes as further files, which nothing here has looked at.

    Raises VerificationFailed.
    """
    place, members = 0, archive.infolist()
    for member in members:
        # A remark or a further field has a length, and would move all that comes after it.
        if member.header_offset != place or member.extra or member.comment:
            raise VerificationFailed(MORE)
        place += LOCAL + len(member.filename) + member.compress_size
    listed, count = sum(CENTRAL + len(member.filename) for member in members), len(members)
    # The library passes over what the end says of the number of members, by which other programs go.
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, listed, place, 0)
    with open_file(path) as file:
        file.seek(archive.start_dir + listed)
        if archive.start_dir != place or file.read(END + 1) != end:
            raise VerificationFailed(MORE)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return a member's bytes, counted while they are inflated.

    The length in the member's header is not believed. Raises VerificationFailed beyond `LARGEST_MEMBER`
    bytes.
    """
    parts, length = [], 0
    with archive.open(member) as file:
        while piece := file.read(STEP):
            length += len(piece)
            if length > LARGEST_MEMBER:
                raise VerificationFailed(
                    f"{member.filename} of the bundle is longer than {LARGEST_MEMBER:,} bytes"
                )
            parts.append(piece)
    return b"".join(parts)


def _stated(data: bytes | None) -> tuple[dict[str, str], dict[str, str]]:
    """Return what the manifest states: the hash of each file by name, and what the bundle is about."""
    try:
        manifest = read_json(data or b"null")
        if (
            # Written one way only, so a name that stands twice cannot mean one file here and another there.
            canonical(manifest) != data
            or set(manifest) != {"version", "about", "files"}
            or type(manifest["version"]) is not int  # in Python, true equals 1
            or manifest["version"] != 1
        ):
            raise ValueError("another form")
        texts = [*manifest["files"].values(), *manifest["about"].values()]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("a value of another kind")
        return manifest["files"], manifest["about"]
    except NotJson as error:
        raise VerificationFailed(
            f"the bundle's manifest is missing, or is not in its form: {error}"
        ) from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise VerificationFailed("the bundle's manifest is missing, or is not in its form") from error
