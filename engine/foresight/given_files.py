"""The files that an answer rests on, each with its name and the SHA-256 of its bytes.

Two answers of the same name may rest on different figures, and only the hashes tell them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from engine.basics.files import bytes_of
from engine.terms.as_written import Deal

What = Literal["deal", "facts", "rates", "history"]


@dataclass(frozen=True, slots=True)
class GivenFile:
    """One file that was given: what it holds, its name without folders, and the SHA-256 of its bytes."""

    what: What
    file: str
    sha256: str


def given_file(what: What, path: Path, text: str) -> GivenFile:
    """Return a file of which `text` was read; the hash is of what was read, and not of a later state."""
    return GivenFile(what, path.name, sha256(bytes_of(text)).hexdigest())


def files_of(deals: Sequence[Deal], *others: GivenFile | None) -> tuple[GivenFile, ...]:
    """Return the files of some deals, and the other files that were given, each once."""
    own = [GivenFile("deal", Path(deal.tree.file).name, deal.sha256) for deal in deals]
    return tuple(dict.fromkeys([*own, *(one for one in others if one is not None)]))
