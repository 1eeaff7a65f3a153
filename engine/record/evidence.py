"""What a notice carries to prove itself: exact bytes of events with their place in the log, and hashes of all of it (`record.md`).

`event.json` is the event that the notice states; `date.jsonl` are the events of its date, each with its inclusion path to
the root of the checkpoint in `event.tlog-proof`, which is there where the operator has a key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.record.canonical import canonical, sha256_hex
from engine.record.merkle import inclusion_proof, leaf_hash
from engine.record.proof import Proof
from engine.record.store import Entry

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
    leaves = [leaf_hash(one.body) for one in evidence.entries[:size]]
    files["date.jsonl"] = (_of_date(evidence, leaves), "the events of its date, each with its path to the root of the log")
    if evidence.checkpoint is not None:
        proof = Proof(entry.seq, tuple(inclusion_proof(leaves, entry.seq)), evidence.checkpoint[1])
        files["event.tlog-proof"] = (proof.text.encode(), "that the event is in the log: a C2SP tlog-proof")
    if evidence.deal_file is not None:
        files["deal.yaml"] = (evidence.deal_file, "the deal file")
    files["observations.csv"] = (evidence.observations, "the observations of every week shown")
    hashes = {name: sha256_hex(data) for name, (data, _) in files.items()}
    manifest = {"deal": evidence.deal, "leaf": entry.leaf.hex(), "seq": entry.seq, "log_size": size, "files": hashes}
    files["manifest.json"] = (canonical(manifest), "hashes of the attached files")
    return files


def _of_date(evidence: Evidence, leaves: Sequence[bytes]) -> bytes:
    """One line for each event: its number, its body as text, its path."""
    lines = []
    for seq in evidence.of_date:
        path = [step.hex() for step in inclusion_proof(leaves, seq)]
        lines.append(json.dumps({"seq": seq, "body": evidence.entries[seq].body.decode(), "path": path}, ensure_ascii=False))
    return ("\n".join(lines) + "\n").encode()


def checkpoint_for(checkpoints: Sequence[tuple[int, str]], seq: int) -> tuple[int, str] | None:
    """The first checkpoint that covers an entry: the same one whenever the notice is made."""
    return next(((size, note) for size, note in sorted(checkpoints, key=lambda one: one[0]) if size > seq), None)


def read_of_date(data: bytes) -> list[tuple[int, bytes, list[bytes]]]:
    """The lines of `date.jsonl`: number, body, path. Raises ValueError where one cannot be read."""
    found = []
    for line in data.decode().splitlines():
        one = json.loads(line)
        found.append((int(one["seq"]), str(one["body"]).encode(), [bytes.fromhex(step) for step in one["path"]]))
    return found


def manifest_hashes(manifest: bytes) -> Mapping[str, str]:
    """The hashes that a manifest states. Raises ValueError where it is not in its canonical form."""
    found = json.loads(manifest)
    if canonical(found) != manifest:
        raise ValueError("the manifest is not in canonical form")
    files: Mapping[str, str] = found["files"]
    return files
