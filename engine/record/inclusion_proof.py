"""That an entry is in a log, provable offline: C2SP's tlog-proof, which a notice carries (`record.md`)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from engine.basics.errors import VerificationFailed
from engine.record.checkpoint import Verified, from_base64, verify
from engine.record.keys import VerifierKey
from engine.record.merkle import leaf_hash, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
LONGEST_PATH = 63
"""Hashes of the longest inclusion proof: one for each level of a tree."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Where an entry stands, the hashes from it to the root, and the signed checkpoint with that root."""

    index: int
    path: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        """Return the proof as a file holds it."""
        hashes = "".join(f"{base64.b64encode(step).decode()}\n" for step in self.path)
        return f"{HEADER}\nindex {self.index}\n{hashes}\n{self.note}"


def parse_proof(text: str) -> Proof:
    """Return the proof in a file. Raises VerificationFailed if it is not well formed."""
    head, gap, note = text.partition("\n\n")
    first, *lines = head.split("\n")
    match = re.fullmatch(r"index (0|[1-9][0-9]{0,18})", lines[0]) if lines else None
    # The bound keeps a long file from costing a hash for each of its lines.
    if not gap or first != HEADER or match is None or len(lines) > 1 + LONGEST_PATH:
        raise VerificationFailed(
            f"this is not a proof: it does not begin with {HEADER} and the index of an entry"
        )
    # Strict base64: a proof has one text, so two files with the same proof are equal.
    path = [from_base64(line) for line in lines[1:]]
    if any(step is None or len(step) != 32 for step in path):
        raise VerificationFailed("the proof has a line that is not a SHA-256 hash")
    return Proof(int(match[1]), tuple(step for step in path if step is not None), note)


def verify_proof(proof: Proof, body: bytes, keys: Iterable[VerifierKey]) -> Verified:
    """Check that `body` is the entry that the proof says, in a checkpoint that a known key signed.

    Raises:
        VerificationFailed: the checkpoint is not signed by a known key, or the entry is not in it.
    """
    verified = verify(proof.note, keys)
    checkpoint = verified.checkpoint
    if not verify_inclusion(leaf_hash(body), proof.index, checkpoint.size, proof.path, checkpoint.root):
        raise VerificationFailed(
            f"this is not entry {proof.index} of {checkpoint.origin} at size {checkpoint.size}"
        )
    return verified
