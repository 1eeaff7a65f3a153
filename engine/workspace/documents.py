"""The documents that Acts rest on, hashed and kept as they came.

So years later the hash still has its document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from engine.basics.files import write_whole
from engine.basics.inert import inert
from engine.basics.received_files import read_received
from engine.workspace.workspace import Workspace

ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}")
"""The ending of a file's name, if it is a plain one. The rest of the name stands in the Act."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was handed over: its file name, its SHA-256 and its bytes."""

    name: str
    sha256: str
    data: bytes


def read_document(path: Path) -> Document:
    """Return the document in a file. Raises WrongUsage for a file that is missing or empty."""
    data = read_received(path)
    return Document(inert(path.name), sha256(data).hexdigest(), data)


def keep_document(workspace: Workspace, document: Document) -> None:
    """Keep a document in `documents/` under its hash. A document that is there already is left as it is."""
    ending = ENDING.fullmatch(Path(document.name).suffix)
    if not kept_documents(workspace, document.sha256):
        write_whole(
            workspace.inside("documents", f"{document.sha256}{ending[0].lower() if ending else ''}"),
            document.data,
        )


def kept_documents(workspace: Workspace, sha256: str) -> list[Path]:
    """Return the files of `documents/` that are named by a hash."""
    folder = workspace.root / "documents"
    return sorted(folder.glob(f"{sha256}*")) if folder.is_dir() else []
