"""The fact that another key signs a log from here on (`rulings.md` 66).

It names the replaced key, the reason, and who signed for the replacement.
"""

from __future__ import annotations

from typing import Literal

from engine.basics.values import Fact


class KeySignature(Fact):
    """A signature on a replacement of keys, with the verifier key of its signer; base64."""

    key: str
    signature: str


class KeyReplaced(Fact):
    """The key of a log that ends, the key that follows, and the old key's last valid checkpoint.

    Attributes:
        old: the verifier key that ends.
        new: the verifier key that signs from here on.
        why: `replaced` is signed by both keys; `lost` and `stolen` by the new key and a cosigner.
        size: the number of entries of the last checkpoint that counts as the old key's.
        root: the root of that checkpoint, as base64.
        signatures: who signed the replacement.
    """

    old: str
    new: str
    why: Literal["replaced", "lost", "stolen"]
    size: int
    root: str
    signatures: tuple[KeySignature, ...]
