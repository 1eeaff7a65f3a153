"""Signed notes as others write them, and every way in which one can be wrong."""

from __future__ import annotations

import base64
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.basics.errors import VerificationFailed
from engine.record.checkpoint import LONGEST_NOTE, Checkpoint, Growth, cosign, origin_of, sign, verify
from engine.record.inclusion_proof import HEADER, Proof, parse_proof, verify_proof
from engine.record.keys import (
    BadKey,
    Kind,
    SigningKey,
    generate_key,
    parse_private,
    parse_verifier,
    read_key,
    write_key,
)
from engine.record.merkle import EMPTY, consistency_proof, inclusion_proof, leaf_hash, root

LEAVES = [leaf_hash(str(number).encode()) for number in range(9)]
ORIGIN = origin_of("agent.example/headroom", "deal/meridian-2026-1")
NOON = datetime(2026, 4, 9, 12, tzinfo=UTC)


def checkpoint(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root(LEAVES[:size]))


def test_the_key_and_signature_of_the_format_s_own_example_are_made_alike() -> None:
    """The example of the Go library that signed notes come from."""
    key = parse_private("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
    assert key.verifier.text == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = (
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem "
        "is.\n"
    )
    signature = base64.b64encode(key.verifier.id + key.sign(text.encode())).decode()
    assert signature == (
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )


def test_a_checkpoint_is_three_lines_an_empty_one_and_a_signature(operator: SigningKey) -> None:
    lines = sign(checkpoint(5), operator).split("\n")
    assert lines[:4] == [ORIGIN, "5", base64.b64encode(root(LEAVES[:5])).decode(), ""]
    assert lines[4].startswith("— agent.example/headroom ")
    assert lines[5:] == [""]


def test_what_was_signed_is_read_back(operator: SigningKey, trustee: SigningKey) -> None:
    for size in (0, 1, 9):
        verified = verify(sign(checkpoint(size), operator), [trustee.verifier, operator.verifier])
        assert verified.checkpoint == checkpoint(size)
        assert [signature.key for signature in verified.signatures] == [operator.verifier]
        assert verified.cosigned_at is None  # the time is asserted by the operator (rulings 33)


def test_a_cosignature_says_who_and_when(operator: SigningKey, trustee: SigningKey) -> None:
    note = cosign(sign(checkpoint(5), operator), [operator.verifier], trustee, NOON)
    verified = verify(note, [operator.verifier, trustee.verifier])
    assert verified.cosigned_at == NOON
    assert [signature.key.name for signature in verified.signatures] == [
        "agent.example/headroom",
        "trustee.example",
    ]
    assert verify(note, [trustee.verifier]).checkpoint == checkpoint(5)


def test_the_cosigned_message_is_the_one_specified(operator: SigningKey, trustee: SigningKey) -> None:
    note = cosign(sign(checkpoint(5), operator), [operator.verifier], trustee, NOON)
    raw = base64.b64decode(note.split("\n")[-2].split(" ")[-1])
    assert raw[:4] == trustee.verifier.id
    assert int.from_bytes(raw[4:12], "big") == int(NOON.timestamp())
    message = f"cosignature/v1\ntime {int(NOON.timestamp())}\n{checkpoint(5).text}".encode()
    trustee.verifier.verify(raw[12:], message)


def test_a_trustee_cosigns_only_growth(operator: SigningKey, trustee: SigningKey) -> None:
    held = checkpoint(5)
    proof = tuple(consistency_proof(LEAVES, 5))
    note = sign(checkpoint(9), operator)
    assert verify(cosign(note, [operator.verifier], trustee, NOON, Growth(held, proof)), [trustee.verifier])
    refused = {
        "the first 5 entries": (note, Growth(Checkpoint(ORIGIN, 5, EMPTY), proof)),
        "had 9 entries and now has 5": (sign(held, operator), Growth(checkpoint(9))),
        "the one held is of": (note, Growth(Checkpoint("elsewhere", 5, held.root), proof)),
        "no known key": (sign(checkpoint(9), generate_key("agent.example/headroom")), Growth(held, proof)),
    }
    for reason, (other, growth) in refused.items():
        with pytest.raises(VerificationFailed, match=reason):
            cosign(other, [operator.verifier], trustee, NOON, growth)


def test_a_key_signs_only_what_its_kind_says(operator: SigningKey, trustee: SigningKey) -> None:
    with pytest.raises(ValueError, match="cosigner's key"):
        sign(checkpoint(5), trustee)
    with pytest.raises(ValueError, match="log's key"):
        cosign(sign(checkpoint(5), operator), [operator.verifier], operator, NOON)
    with pytest.raises(ValueError, match="cannot name a log"):
        sign(Checkpoint("two\nlines", 1, EMPTY), operator)


def test_one_key_pair_under_another_name_or_kind_is_another_key(operator: SigningKey) -> None:
    note = sign(checkpoint(5), operator)
    for other in (
        SigningKey("agent.example/other", Kind.LOG, operator.seed),
        SigningKey(operator.name, Kind.COSIGNER, operator.seed),
    ):
        with pytest.raises(VerificationFailed, match="no known key signed"):
            verify(note, [other.verifier])


def test_a_signature_of_an_unknown_key_is_passed_over(operator: SigningKey) -> None:
    unknown = generate_key("stranger.example")
    note = sign(checkpoint(5), operator) + sign(checkpoint(5), unknown).split("\n\n")[1]
    assert len(verify(note, [operator.verifier]).signatures) == 1


def test_a_wrong_signature_of_a_known_key_condemns_the_note(
    operator: SigningKey, trustee: SigningKey
) -> None:
    wrong = sign(checkpoint(4), operator).split("\n\n")[1]
    note = cosign(sign(checkpoint(5), operator), [operator.verifier], trustee, NOON)
    text, good = note.split("\n\n")
    with pytest.raises(VerificationFailed, match="is not over this checkpoint"):
        verify(f"{text}\n\n{wrong}{good}", [operator.verifier, trustee.verifier])


def test_every_changed_character_is_found(operator: SigningKey) -> None:
    note = sign(checkpoint(5), operator)
    for place, character in enumerate(note):
        for other in ("", "\n", "A" if character != "A" else "B", character * 2):
            changed = f"{note[:place]}{other}{note[place + 1 :]}"
            if changed != note:
                with pytest.raises(VerificationFailed):
                    verify(changed, [operator.verifier])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "\n\n",
        "a\n1\n\n— x y\n",
        f"{ORIGIN}\n5\n{'A' * 44}\n\n",
        f"{ORIGIN}\n05\nroot\n\n— k AAAA\n",
        f"{ORIGIN}\n-5\nroot\n\n— k AAAA\n",
        f"{ORIGIN}\n٥\nroot\n\n— k AAAA\n",
        f"{ORIGIN}\r\n5\nroot\n\n— k AAAA\n",
        "x" * (LONGEST_NOTE + 1),
        "\ud800\n1\n\n— k AAAA\n",
    ],
)
def test_what_is_no_signed_checkpoint_is_refused(note: str, operator: SigningKey) -> None:
    with pytest.raises(VerificationFailed):
        verify(note, [operator.verifier])


@given(st.text(max_size=200))
def test_no_text_at_all_does_more_than_be_refused(note: str) -> None:
    with pytest.raises(VerificationFailed):
        verify(note, [generate_key("agent.example").verifier])


def test_key_files_are_for_their_owner_alone(tmp_path: Path, operator: SigningKey) -> None:
    path = tmp_path / "operator.key"
    public = write_key(path, operator)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key(path) == operator
    assert parse_verifier(public.read_text().strip()) == operator.verifier
    assert base64.b64encode(operator.seed).decode() not in repr(operator)
    with pytest.raises(BadKey, match="never written over"):
        write_key(path, operator)
    path.chmod(0o640)
    with pytest.raises(BadKey, match="chmod 600"):
        read_key(path)
    with pytest.raises(BadKey, match="cannot be read"):
        read_key(tmp_path / "none.key")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name+00000000+AQ==",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpcAAA2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(BadKey):
        parse_verifier(text)
    with pytest.raises(BadKey):
        parse_private(text)
    with pytest.raises(BadKey):
        parse_private(f"PRIVATE+KEY+{text}")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "a\x00b"])
def test_a_name_that_a_note_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(BadKey):
        generate_key(name)


def test_a_proof_travels_as_one_text(operator: SigningKey) -> None:
    for size in (1, 9):
        for index in range(size):
            proof = Proof(
                index, tuple(inclusion_proof(LEAVES[:size], index)), sign(checkpoint(size), operator)
            )
            assert parse_proof(proof.text) == proof
            assert verify_proof(parse_proof(proof.text), str(index).encode(), [operator.verifier])
            with pytest.raises(VerificationFailed, match=f"not entry {index} of"):
                verify_proof(proof, b"another", [operator.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        f"{HEADER}\nindex 1",
        f"{HEADER}\nindex 01\n\nx",
        f"{HEADER}\nindex 1\nzz\n\nx",
        f"{HEADER}\n\nx",
    ],
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(VerificationFailed):
        parse_proof(text)
