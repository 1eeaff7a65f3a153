"""That another key signs a log from here on: which key it replaces, why, and who signed for it (`rulings.md` 66)."""

from __future__ import annotations

from typing import Literal

from engine.basics.values import Fact


class KeySignature(Fact):
    """A signature on a replacement: by which verifier key, as base64."""

    key: str
    signature: str


class KeyReplaced(Fact):
    """The key of a log that ends, the one that follows it, and the last checkpoint that the old one stands for.

    Attributes:
        old: the verifier key that ends.
        new: the verifier key that signs from here on.
        why: `replaced` is signed by both; `lost` and `stolen` by the new one and by a cosigner.
        size: entries of the last checkpoint that counts as the old key's.
        root: its root, as base64.
        signatures: who signed the replacement.
    """

    old: str
    new: str
    why: Literal["replaced", "lost", "stolen"]
    size: int
    root: str
    signatures: tuple[KeySignature, ...]
