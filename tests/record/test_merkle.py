"""The tree against its definition, against published vectors, and against every change of a proof."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from engine.record.merkle import (
    EMPTY,
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    peak_ends,
    root,
    verify_consistency,
    verify_inclusion,
)

LARGEST = 130
"""Past 128, so that trees on both sides of a power of two are met at each height."""
LEAVES = [leaf_hash(str(number).encode()) for number in range(LARGEST)]


def defined_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word for word; the oracle."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + defined_root(leaves[:k]) + defined_root(leaves[k:])).digest()


ROOTS = [defined_root(LEAVES[:size]) for size in range(LARGEST + 1)]


def changed(proof: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Proofs that are not `proof`: one more hash, one less, one bit flipped, two exchanged."""
    yield [*proof, EMPTY]
    yield [EMPTY, *proof]
    for place, step in enumerate(proof):
        yield [*proof[:place], *proof[place + 1 :]]
        yield [*proof[:place], bytes([step[0] ^ 1]) + step[1:], *proof[place + 1 :]]
        if place and proof[place - 1] != step:
            yield [*proof[: place - 1], step, proof[place - 1], *proof[place + 1 :]]


def test_hashes_of_leaves_and_nodes_cannot_be_taken_for_each_other() -> None:
    assert leaf_hash(b"") == bytes.fromhex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])
    assert root([]) == EMPTY == sha256().digest()


@pytest.mark.parametrize("size", range(LARGEST + 1))
def test_the_root_is_the_one_defined(size: int) -> None:
    assert root(LEAVES[:size]) == ROOTS[size]


def test_a_tree_resumed_at_any_size_from_its_peaks_grows_like_one_never_left() -> None:
    peaks: list[bytes] = []
    for size, leaf in enumerate(LEAVES):
        tree = CompactRange(size, [peaks[end - 1] for end in peak_ends(size)])
        assert tree.root() == ROOTS[size]
        peaks.append(tree.append(leaf))
        assert (tree.size, tree.root()) == (size + 1, ROOTS[size + 1])


def test_a_tree_has_a_peak_for_each_bit_of_its_size() -> None:
    assert peak_ends(0) == []
    assert peak_ends(6) == [4, 6]
    assert peak_ends(133) == [128, 132, 133]
    with pytest.raises(ValueError, match="a tree of 6 leaves has 2 peaks, not 1"):
        CompactRange(6, [EMPTY])


@pytest.mark.parametrize("size", range(1, LARGEST + 1))
def test_every_leaf_of_every_tree_is_shown_to_be_in_it(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(LEAVES[:size], index)
        assert verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])
        assert not verify_inclusion(EMPTY, index, size, proof, ROOTS[size])
        assert not verify_inclusion(LEAVES[index], index, size, proof, EMPTY)


@pytest.mark.parametrize("size", range(1, LARGEST + 1))
def test_every_tree_is_shown_to_begin_with_every_smaller_one(size: int) -> None:
    for first in range(1, size + 1):
        proof = consistency_proof(LEAVES[:size], first)
        assert verify_consistency(first, size, proof, ROOTS[first], ROOTS[size])
        assert not verify_consistency(first, size, proof, EMPTY, ROOTS[size])
        assert not verify_consistency(first, size, proof, ROOTS[first], EMPTY)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 31, 32, 33, 64, 100, 129])
def test_a_changed_inclusion_proof_is_refused(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(LEAVES[:size], index)
        for other in changed(proof):
            assert not verify_inclusion(LEAVES[index], index, size, other, ROOTS[size])
        for wrong in {index - 1, index + 1, size, -1} - {index}:
            assert not verify_inclusion(LEAVES[index], wrong, size, proof, ROOTS[size])


@pytest.mark.parametrize("size", [2, 3, 5, 8, 13, 31, 32, 33, 64, 100, 129])
def test_a_changed_consistency_proof_is_refused(size: int) -> None:
    for first in range(1, size + 1):
        proof = consistency_proof(LEAVES[:size], first)
        for other in changed(proof):
            assert not verify_consistency(first, size, other, ROOTS[first], ROOTS[size])
        for wrong in (0, first - 1, size + 1):
            assert not verify_consistency(wrong, size, proof, ROOTS[first], ROOTS[size])


def test_a_proof_of_what_is_not_there_cannot_be_asked_for() -> None:
    for index in (-1, 3):
        with pytest.raises(IndexError, match=f"no leaf {index} in a tree of 3"):
            inclusion_proof(LEAVES[:3], index)
    for size in (0, 4):
        with pytest.raises(IndexError, match=f"no tree of {size} in a tree of 3"):
            consistency_proof(LEAVES[:3], size)


def test_published_vectors(merkle_vectors: Path) -> None:
    """98 cases of inclusion and 98 of consistency, both the proofs to accept and those to refuse."""

    def decoded(text: str | None) -> bytes:
        return base64.b64decode(text or "")

    counts = {"inclusion": 0, "consistency": 0}
    for case in json.loads(merkle_vectors.read_text(encoding="utf-8")):
        proof = [decoded(step) for step in case["proof"] or ()]
        if "leafIdx" in case:
            counts["inclusion"] += 1
            leaf, tree_root = decoded(case["leafHash"]), decoded(case["root"])
            accepted = verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, tree_root)
        else:
            counts["consistency"] += 1
            first, second = decoded(case["root1"]), decoded(case["root2"])
            accepted = verify_consistency(case["size1"], case["size2"], proof, first, second)
        assert accepted is not case["wantErr"], f"{case['file']}: {case['desc']}"
    assert counts == {"inclusion": 98, "consistency": 98}
