"""The signature of a notice: no mutation of a signed file survives, and nothing is added around what was signed."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.basics.errors import VerificationFailed
from engine.determination.template import Template
from engine.notices import der, signature
from engine.notices.signature import BYTE_RANGE, check_seal, make_certificate, seal
from engine.notices.trust_policy import Policy
from engine.record.keys import BadKey
from tests.notices.test_verify_notice import NOW, steps, unsigned
from tests.notices.test_verify_notice import desk as desk  # the fixtures
from tests.notices.test_verify_notice import notice as notice
from tests.notices.test_verify_notice import policy as policy
from tests.notices.test_verify_notice import told as told

MUTATIONS = 1000 if os.environ.get("HEADROOM_SOAK") else 200


def test_no_mutation_of_a_signed_notice_survives(
    notice: bytes, policy: Policy, all_templates: dict[str, Template]
) -> None:
    chance = random.Random(20260305)
    survived = []
    for n in range(MUTATIONS):
        changed = bytearray(notice)
        place = chance.randrange(len(changed))
        if n % 4 == 0:
            changed[place] ^= 1 << chance.randrange(8)
        elif n % 4 == 1:
            del changed[place : place + chance.randrange(1, 50)]
        elif n % 4 == 2:
            changed[place:place] = chance.randbytes(chance.randrange(1, 50))
        else:
            changed += chance.randbytes(chance.randrange(1, 200))
        if steps(bytes(changed), policy, all_templates)[-1].difference is None:
            survived.append((n, place))
    assert survived == []


def test_the_signature_is_written_one_way(
    notice: bytes, policy: Policy, all_templates: dict[str, Template]
) -> None:
    """Its own place is the one part of the file that it cannot sign."""
    _, length, after, _ = (int(one) for one in BYTE_RANGE.findall(notice)[0])
    written = notice[length + 1 : after - 1]
    padding = len(written) - len(written.rstrip(b"0"))
    assert padding > 100
    for other in (written.lower(), written[:-padding] + b" " * padding, written[:-2] + b"01"):
        changed = notice[: length + 1] + other + notice[after - 1 :]
        assert len(changed) == len(notice)
        assert changed != notice
        assert steps(changed, policy, all_templates)[-1].difference


def test_no_changed_bit_of_the_signature_itself_survives(notice: bytes, policy: Policy) -> None:
    _, length, after, _ = (int(one) for one in BYTE_RANGE.findall(notice)[0])
    written = notice[length + 1 : after - 1].rstrip(b"0")
    survived = []
    for place in range(len(written)):
        digit = b"0123456789ABCDEF"[(int(written[place : place + 1], 16) ^ 1)]
        changed = bytearray(notice)
        changed[length + 1 + place] = digit
        try:
            check_seal(bytes(changed), frozenset(policy.notice_certificates))
            survived.append(place)
        except VerificationFailed:
            continue
    assert survived == []


def resigned(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The notice with what stands in the signature's place changed, padded to the same length."""
    _, length, after, _ = (int(one) for one in BYTE_RANGE.findall(data)[0])
    written = data[length + 1 : after - 1]
    changed = change(der.first(bytes.fromhex(written.decode())).whole).hex().upper().encode()
    return data[: length + 1] + changed + b"0" * (len(written) - len(changed)) + data[after - 1 :]


def around(info: bytes, *, signer: bytes = b"", certificates: bytes = b"", content: bytes = b"") -> bytes:
    """A signature with more in its signer, among its certificates or at its end: nothing that is signed is
    changed.
    """
    kind, wrapped = der.first(info).parts
    version, digests, inner, own, signers = wrapped.parts[0].parts
    more = der.encoded(der.SET, der.encoded(der.SEQUENCE, signers.parts[0].content, signer))
    parts = (
        version.whole,
        digests.whole,
        inner.whole,
        der.encoded(der.OWN, own.content, certificates),
        more,
        content,
    )
    return der.encoded(der.SEQUENCE, kind.whole, der.encoded(der.OWN, der.encoded(der.SEQUENCE, *parts)))


ADDED = {
    "an unsigned attribute": lambda info: around(info, signer=der.encoded(0xA1, der.encoded(der.NULL))),
    "a further certificate": lambda info: around(info, certificates=der.encoded(der.SEQUENCE)),
    "a further part": lambda info: around(info, content=der.encoded(der.NULL)),
    "bytes after it": lambda info: info + b"\x01",
    "a length of more octets": lambda info: b"\x30\x83\x00" + info[2:],
    "an indefinite length": lambda info: b"\x30\x80" + info[4:] + b"\x00\x00",
    "two in one": lambda info: der.encoded(der.SEQUENCE, info, info),
}


@pytest.mark.parametrize("what", ADDED)
def test_nothing_can_be_added_around_a_signature(notice: bytes, policy: Policy, what: str) -> None:
    trusted = frozenset(policy.notice_certificates)
    assert check_seal(resigned(notice, around), trusted) == check_seal(notice, trusted)
    with pytest.raises(VerificationFailed):
        check_seal(resigned(notice, ADDED[what]), trusted)


def test_a_key_whose_certificate_is_another_s_signs_nothing(
    notice: bytes, policy: Policy, tmp_path: Path
) -> None:
    """The library would sign all the same, and no policy could ever take the notice."""
    for name in ("own", "other"):
        make_certificate(name, tmp_path / name, NOW)
    (tmp_path / "own.crt").write_bytes((tmp_path / "other.crt").read_bytes())
    with pytest.raises(BadKey, match="put back the two that were made together"):
        seal(unsigned(notice, policy), tmp_path / "own")


def room_of(data: bytes) -> int:
    """How many digits stand in the place of a signature."""
    _, length, after, _ = (int(one) for one in BYTE_RANGE.findall(data)[0])
    return after - length - 2


def test_a_key_signs_once_for_a_notice_after_its_first(
    notice: bytes,
    policy: Policy,
    desk: Path,
    all_templates: dict[str, Template],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The library signs on trial to learn a signature's size, which is the same for the next notice."""
    from pyhanko.sign.signers import SimpleSigner

    signs, trials = SimpleSigner.async_sign_raw, []

    async def counting(self: Any, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        trials.append(dry_run)
        signed: bytes = await signs(self, data, digest_algorithm, dry_run)
        return signed

    monkeypatch.setattr(SimpleSigner, "async_sign_raw", counting)
    monkeypatch.setattr(signature, "_ROOM", {})
    key, drawn = desk / "keys" / "notice.key", unsigned(notice, policy)
    first, second = seal(drawn, key), seal(drawn, key)
    assert trials == [True, False, False]
    assert room_of(first) == room_of(second)
    for one in (first, second):
        assert steps(one, policy, all_templates)[-1].difference is None


def test_a_signature_that_does_not_fit_learns_its_size_anew(
    notice: bytes,
    policy: Policy,
    desk: Path,
    all_templates: dict[str, Template],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, drawn = desk / "keys" / "notice.key", unsigned(notice, policy)
    certificate = Path(f"{key}.crt").read_bytes()
    monkeypatch.setattr(signature, "_ROOM", {(certificate, ""): 64})
    again = seal(drawn, key)
    assert steps(again, policy, all_templates)[-1].difference is None
    assert signature._ROOM[certificate, ""] == room_of(again) > 64


def test_a_signature_is_checked_without_what_signs(
    notice: bytes, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verifier needs neither, and in a process that has signed they made the check fifty times as slow."""
    for name in ("asn1crypto", "asn1crypto.cms", "pyhanko"):
        monkeypatch.setitem(sys.modules, name, None)
    assert check_seal(notice, frozenset(policy.notice_certificates)) is not None
