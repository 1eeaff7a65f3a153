"""What a notice carries to prove itself: exact bytes of events with their place in the log, and hashes of all of it (`record.md`).

`event.json` is the event that the notice states; `date.jsonl` are the events of its date, each with its inclusion path to
the root of the checkpoint in `event.tlog-proof`, which is there where the operator has a key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.record.canonical import canonical, sha256_hex
from engine.record.checkpoint import newest
from engine.record.inclusion_proof import LONGEST_PATH, Proof
from engine.record.merkle import Inclusion, leaf_hash
from engine.record.store import Entry

OBSERVATIONS = "index,publication_date,usd_per_gpu_hour,seller"
"""The first line of `observations.csv`; a seller is a number, 1..n in that notice, and nothing where it is not known."""
HASH = re.compile(r"[0-9a-f]{64}")

Files = dict[str, tuple[bytes, str]]
"""Attachments: by name the bytes and what they are."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the attachments are made of.

    Attributes:
        deal: the deal's name.
        entries: the deal's log, whole.
        stated: number of the entry that the notice states.
        of_date: numbers of the entries of its date, the stated one among them.
        deal_file: the bytes of the deal file.
        observations: the observations of every week that the notice shows, as CSV.
        checkpoint: the signed note to prove against, with its size; None without a key.
    """

    deal: str
    entries: Sequence[Entry]
    stated: int
    of_date: tuple[int, ...]
    deal_file: bytes | None
    observations: bytes
    checkpoint: tuple[int, str] | None


def attachments(evidence: Evidence) -> Files:
    """The files to embed, the manifest with the hashes of the others among them."""
    entry = evidence.entries[evidence.stated]
    files: Files = {"event.json": (entry.body, "the event that this notice states, canonical JSON")}
    size = evidence.checkpoint[0] if evidence.checkpoint else entry.seq + 1
    tree = Inclusion([leaf_hash(one.body) for one in evidence.entries[:size]])
    files["date.jsonl"] = (_of_date(evidence, tree), "the events of its date, each with its path to the root of the log")
    if evidence.checkpoint is not None:
        proof = Proof(entry.seq, tuple(tree.proof(entry.seq)), evidence.checkpoint[1])
        files["event.tlog-proof"] = (proof.text.encode(), "that the event is in the log: a C2SP tlog-proof")
    if evidence.deal_file is not None:
        files["deal.yaml"] = (evidence.deal_file, "the deal file")
    files["observations.csv"] = (evidence.observations, "the observations of every week shown")
    hashes = {name: sha256_hex(data) for name, (data, _) in files.items()}
    manifest = {"deal": evidence.deal, "leaf": entry.leaf.hex(), "seq": entry.seq, "log_size": size, "files": hashes}
    files["manifest.json"] = (canonical(manifest), "hashes of the attached files")
    return files


def _of_date(evidence: Evidence, tree: Inclusion) -> bytes:
    """One line for each event: its number, its body as text, its path."""
    lines = []
    for seq in evidence.of_date:
        path = [step.hex() for step in tree.proof(seq)]
        lines.append(_line(seq, evidence.entries[seq].body.decode(), path))
    return ("\n".join(lines) + "\n").encode()


def _line(seq: int, body: str, path: Sequence[str]) -> str:
    """A line of `date.jsonl`, in the one way in which it is written."""
    return json.dumps({"seq": seq, "body": body, "path": list(path)}, ensure_ascii=False)


def checkpoint_for(checkpoints: Sequence[tuple[int, str]], seq: int) -> tuple[int, str] | None:
    """The first checkpoint that covers an entry; of several notes of it the one saved last, which has every cosignature."""
    first = min((size for size, _ in checkpoints if size > seq), default=None)
    return newest(one for one in checkpoints if one[0] == first)


@dataclass(frozen=True, slots=True)
class Attached:
    """One line of `date.jsonl`: an entry's number, its body, and its path to the root."""

    seq: int
    body: bytes
    path: tuple[bytes, ...]


def read_of_date(data: bytes) -> list[Attached]:
    """The lines of `date.jsonl`. Raises ValueError where one is not written as we write it."""
    lines = data.decode().split("\n")
    if lines.pop() or not lines:
        raise ValueError("date.jsonl does not end with the line of an entry")
    return [_attached(json.loads(line), line) for line in lines]


def _attached(line: Any, written: str) -> Attached:
    if not isinstance(line, dict) or set(line) != {"seq", "body", "path"}:
        raise ValueError("a line of date.jsonl holds something else than seq, body and path")
    seq, body, path = line["seq"], line["body"], line["path"]
    if type(seq) is not int or not 0 <= seq < 2**53 or not isinstance(body, str) or not isinstance(path, list):
        raise ValueError("a line of date.jsonl has a number, a body or a path of another kind")
    if len(path) > LONGEST_PATH or not all(isinstance(step, str) and HASH.fullmatch(step) for step in path):
        raise ValueError("a path of date.jsonl has a step that is not 64 lower-case hexadecimal digits")
    if _line(seq, body, path) != written:
        raise ValueError("a line of date.jsonl is written otherwise: a key twice, a number in another form, or spaces")
    return Attached(seq, body.encode(), tuple(bytes.fromhex(step) for step in path))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `manifest.json` states: the deal, the entry, the log's size, and the hash of every other file."""

    deal: str
    leaf: str
    seq: int
    log_size: int
    files: Mapping[str, str]


def read_manifest(data: bytes) -> Manifest:
    """What a manifest states. Raises ValueError where it is not in its canonical form or states something else."""
    found = json.loads(data)
    if not isinstance(found, dict) or set(found) != {"deal", "leaf", "seq", "log_size", "files"} or canonical(found) != data:
        raise ValueError("the manifest is not in canonical form, or states other things than deal, leaf, seq, log_size and files")
    files = found["files"]
    if not isinstance(files, dict) or not all(isinstance(one, str) and HASH.fullmatch(one) for one in (*files.values(), found["leaf"])):
        raise ValueError("the manifest names a file without its SHA-256")
    if not isinstance(found["deal"], str) or type(found["seq"]) is not int or type(found["log_size"]) is not int:
        raise ValueError("the manifest's deal, seq or log_size is of another kind")
    return Manifest(**found)
