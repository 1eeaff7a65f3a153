"""The RFC 6962 Merkle tree: leaf and node hashes, roots, inclusion and consistency proofs.

Our own, because the libraries for it are under the GPL or abandoned; also because the whole of it is shorter
than a wrapper would be (ADR 0003). Checked against published vectors and exhaustively for small trees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY = hashlib.sha256(b"").digest()
"""The root of a tree without entries."""


def leaf_hash(body: bytes) -> bytes:
    """Return the hash of one entry: SHA-256 of 0x00 and its bytes (RFC 6962 §2.1)."""
    # The two first bytes differ, so that no entry can be made whose hash is that of two subtrees.
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two subtrees: SHA-256 of 0x01 and both (RFC 6962 §2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """A Merkle tree that grows leaf by leaf.

    It is held as its peaks: the roots of its complete subtrees, widest first. A tree of 6 leaves has the
    peaks over leaves 0 to 3 and 4 to 5, one for each bit of its size. So a tree of any size is resumed from a
    handful of hashes, and a leaf costs O(log n).
    """

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """Resume a tree of `size` leaves. Raises ValueError unless there is a peak for each bit of `size`."""
        self.size = size
        self._peaks = list(peaks)
        if len(self._peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(self._peaks)}")

    def append(self, leaf: bytes) -> bytes:
        """Add one leaf hash; returns the peak that it completes, which may be the leaf itself."""
        peak, width = leaf, self.size
        # Each low bit that is set is a complete subtree that this leaf closes, as a carry does in addition.
        while width & 1:
            peak, width = node_hash(self._peaks.pop(), peak), width >> 1
        self._peaks.append(peak)
        self.size += 1
        return peak

    def root(self) -> bytes:
        """Return the root over everything so far."""
        if not self._peaks:
            return EMPTY
        hashed, sha256 = self._peaks[-1], hashlib.sha256
        for peak in self._peaks[-2::-1]:
            hashed = sha256(
                b"\x01" + peak + hashed
            ).digest()  # node_hash, without the call: this runs for each entry
        return hashed


def peak_ends(size: int) -> list[int]:
    """Return how many leaves lie up to the end of each peak of a tree: 6 gives 4 and 6."""
    ends, rest = [], size
    while rest:
        ends.append(size - rest + (1 << (rest.bit_length() - 1)))
        rest = size - ends[-1]
    return ends


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes, oldest first."""
    tree = CompactRange()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


class Inclusion:
    """Inclusion proofs of a tree.

    Each root over some of the leaves is computed once, whichever proofs need it.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Take the leaf hashes of the whole tree, oldest first."""
        self._leaves = leaves
        self._roots: dict[tuple[int, int], bytes] = {}

    def proof(self, index: int) -> list[bytes]:
        """Return the hashes that lead from leaf `index` to the root, lowest first (RFC 6962 §2.1.1).

        Raises IndexError outside.
        """
        if not 0 <= index < len(self._leaves):
            raise IndexError(f"no leaf {index} in a tree of {len(self._leaves)}")
        steps: list[bytes] = []
        start, end = 0, len(self._leaves)
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                steps.append(self._root(middle, end))
                end = middle
            else:
                steps.append(self._root(start, middle))
                start = middle
        return steps[::-1]

    def _root(self, start: int, end: int) -> bytes:
        known = self._roots.get((start, end))
        if known is None:
            known = self._roots[start, end] = root(self._leaves[start:end])
        return known


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return one proof of a tree, as `Inclusion` gives it."""
    return Inclusion(leaves).proof(index)


def consistency_proof(leaves: Sequence[bytes], size: int) -> list[bytes]:
    """Return the hashes that show that the first `size` leaves are a prefix (RFC 6962 §2.1.2).

    Raises IndexError outside.
    """
    if not 0 < size <= len(leaves):
        raise IndexError(f"no tree of {size} in a tree of {len(leaves)}")
    return _subproof(leaves, size, whole=True)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Return whether `leaf` is entry `index` of the tree whose root is `expected`.

    The tree has `size` entries (RFC 9162 §2.1.3.2).
    """
    if not 0 <= index < size or not _are_hashes(leaf, expected, *proof):
        return False
    place, last, hashed = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        # A node at the right edge of an incomplete level has no sibling: the step joins from the left, some
        # levels up.
        if place & 1 or place == last:
            hashed = node_hash(step, hashed)
            place, last = _past_right_edge(place, last)
        else:
            hashed = node_hash(hashed, step)
        place, last = place >> 1, last >> 1
    return last == 0 and hashed == expected


def verify_consistency(
    first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """Return whether the tree of `first` leaves is a prefix of the tree of `second` (RFC 9162 §2.1.4.2).

    A first size of 0 is refused: every tree begins with the empty one, so it would prove nothing.
    """
    if not 0 < first <= second:
        return False
    # Equal trees need no proof. A proof that is given anyway is not one that the format allows.
    if first == second:
        return not proof and first_root == second_root
    if not _are_hashes(first_root, second_root, *proof):
        return False
    # A first tree that is one complete subtree is itself the first step, and the proof leaves it out.
    steps = list(proof) if first & (first - 1) else [first_root, *proof]
    if not steps:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            place, last = _past_right_edge(place, last)
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _are_hashes(*values: bytes) -> bool:
    # Other lengths would let two different splits of the same bytes have one hash.
    return all(len(value) == len(EMPTY) for value in values)


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size`."""
    # Smaller, and not equal: RFC 6962 parts a tree of 2^n leaves in two halves.
    return 1 << ((size - 1).bit_length() - 1)


def _subproof(leaves: Sequence[bytes], size: int, whole: bool) -> list[bytes]:
    if size == len(leaves):
        # The verifier holds the root of the whole first tree. The root of a mere part has to be given.
        return [] if whole else [root(leaves)]
    middle = _split(len(leaves))
    if size <= middle:
        return [*_subproof(leaves[:middle], size, whole), root(leaves[middle:])]
    return [*_subproof(leaves[middle:], size - middle, whole=False), root(leaves[:middle])]


def _past_right_edge(place: int, last: int) -> tuple[int, int]:
    """Climb the levels on which a node at the right edge has no sibling."""
    while not place & 1 and place:
        place, last = place >> 1, last >> 1
    return place, last
