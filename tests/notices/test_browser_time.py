"""Time stamps in the parts of `headroom-verify.html`: what `headroom verify` believes they believe, and
nothing else.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos, cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from engine.basics.errors import VerificationFailed
from engine.notices import der
from engine.notices.signature import check_seal, make_certificate, seal
from engine.notices.time_authority import TimeAuthority
from engine.notices.time_token import Stamped
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import _stamped
from reports.render.pdf import to_pdf
from tests.notices.browser_parts import browser_says
from tests.notices.test_time_stamp import NOW, PAGE, _attribute, _beside, _signer
from tests.notices.time_authority import Authority, _certificate, made, served

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
Change = tuple[int, int]


@dataclass(frozen=True)
class Signed:
    """A file that was sealed, where its key lies, and whose certificate that is."""

    data: bytes
    key: Path
    certificate: str


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    """A file with room for a long token: stamped once, by an authority with RSA keys that nobody names."""
    key = tmp_path_factory.mktemp("key") / "notice.key"
    certificate = make_certificate("Agent", key, NOW - timedelta(days=1))
    with served(other("RSA", NOW)) as authority:
        asked = TimeAuthority(authority.url, authority.fingerprint, NOW)
        return Signed(seal(to_pdf(PAGE, NOW, {}), key, asked), key, certificate)


def token(signed: Signed, authority: Authority, **changed: Any) -> bytes:
    """What an authority stamps of the file's own signature."""
    over = hashlib.sha256(_signer(signed.data)[3].parts[5].content).digest()
    imprint = tsp.MessageImprint(
        {"hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}), "hashed_message": over}
    )
    found = authority.token(tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "nonce": 7}))
    for name, value in changed.items():
        found["content"][name] = value
    return bytes(found.dump(force=True))


def with_token(signed: Signed, stamp: bytes) -> bytes:
    """The file with this token beside its signature."""
    kind = _attribute(signed.data).parts[0].parts[0].whole
    return _beside(
        signed.data, der.encoded(0xA1, der.encoded(der.SEQUENCE, kind, der.encoded(der.SET, stamp)))
    )


def ours(data: bytes, policy: Policy) -> tuple[str, str]:
    """What the command says of a seal, or why it refuses it."""
    try:
        found = check_seal(data, frozenset(policy.notice_certificates), frozenset(policy.time_authorities))
    except VerificationFailed as failed:
        return "", str(failed)
    assert found is not None
    return f"signed by {found.fingerprint}{_stamped(found.stamp)}", ""


def theirs(
    data: bytes, policy: Policy, folder: Path, changes: Sequence[Sequence[Change]] = ((),)
) -> list[dict[str, Any]]:
    """What the page says of a seal, with bytes of its file changed."""
    (folder / "sealed.pdf").write_bytes(data)
    asked = [{"file": str(folder / "sealed.pdf"), "changes": list(one)} for one in changes]
    answers: list[dict[str, Any]] = browser_says(policy, seals=asked)["seals"]
    return answers


def each(many: Sequence[bytes], policy: Policy, folder: Path) -> list[tuple[str, str]]:
    """What the page says of the seals of several files, or why it refuses them."""
    paths = [folder / f"{number}.pdf" for number in range(len(many))]
    for path, data in zip(paths, many, strict=True):
        path.write_bytes(data)
    answers = browser_says(policy, seals=[{"file": str(path)} for path in paths])["seals"]
    return [(answer["said"], answer["refused"]) for answer in answers]


@dataclass
class OtherKind(Authority):
    """An authority whose keys are of another kind than P-256; the token says so."""

    algorithm: str = "sha256_rsa"

    def token(self, request: Any) -> cms.ContentInfo:
        found, own = super().token(request), self.key
        found["content"]["signer_infos"][0]["signature_algorithm"] = {"algorithm": self.algorithm}
        assert own is self.key
        return found


class RsaKey:
    """An RSA key that signs as the authority of the tests asks its key to."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def sign(self, data: bytes, _: ec.ECDSA) -> bytes:
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def other(kind: str, at: datetime) -> OtherKind:
    """An authority with RSA keys, or with keys on another curve."""
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    began = datetime(2020, 1, 1, tzinfo=UTC)
    span, key = (began, began + timedelta(days=9000)), RsaKey()
    own: Any = (
        key.key
        if kind == "RSA"
        else ec.generate_private_key(
            {"P-384": ec.SECP384R1(), "P-521": ec.SECP521R1(), "Brainpool": ec.BrainpoolP256R1()}[kind]
        )
    )
    above: Any = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if kind == "RSA"
        else ec.generate_private_key(ec.SECP384R1())
    )
    root = _certificate("Other root", "Other root", above, above, span, ca=True)
    certificate = _certificate("Other authority", "Other root", own, above, span, usage=usage)
    signs: Any = key if kind == "RSA" else own
    return OtherKind(
        signs, certificate, root, at, algorithm="sha256_rsa" if kind == "RSA" else "sha256_ecdsa"
    )


def policy_of(signed: Signed, *authorities: str) -> Policy:
    return Policy(notice_certificates=(signed.certificate,), time_authorities=authorities)


def test_a_stamp_is_said_as_the_command_says_it(signed: Signed, tmp_path: Path) -> None:
    """By the authority's root, by its own certificate, and by nobody whom the policy names."""
    authority = made(NOW + timedelta(seconds=5))
    data, own = (
        with_token(signed, token(signed, authority)),
        authority.certificate.fingerprint(hashes.SHA256()),
    )
    for named in ((authority.fingerprint,), (own.hex(),), (made(NOW).fingerprint,), ()):
        policy = policy_of(signed, *named)
        said, refused = ours(data, policy)
        assert refused == ""
        assert [answer["said"] for answer in theirs(data, policy, tmp_path)] == [said]
        assert ("it proves no time" in said) == (named not in ((authority.fingerprint,), (own.hex(),)))


@pytest.mark.parametrize("kind", ["RSA", "P-384", "P-521"])
def test_keys_of_other_kinds_are_believed_too(kind: str, signed: Signed, tmp_path: Path) -> None:
    authority = other(kind, NOW)
    data, policy = with_token(signed, token(signed, authority)), policy_of(signed, authority.fingerprint)
    said, _ = ours(data, policy)
    assert said.endswith(
        "; time-stamped at 2026-07-03 12:00 UTC by "
        f"{authority.certificate.fingerprint(hashes.SHA256()).hex()[:16]}"
    )
    assert theirs(data, policy, tmp_path)[0]["said"] == said


def test_a_key_that_a_browser_cannot_check_proves_no_time_and_refuses_nothing(
    signed: Signed, tmp_path: Path
) -> None:
    authority = other("Brainpool", NOW)
    data, policy = with_token(signed, token(signed, authority)), policy_of(signed, authority.fingerprint)
    assert "; time-stamped at 2026-07-03 12:00 UTC by" in ours(data, policy)[0]
    answer = theirs(data, policy, tmp_path)[0]
    assert answer["said"].endswith(
        "; with a time stamp by a kind of key that this browser cannot check: it proves no time here"
    )
    assert (answer["trusted"], answer["refused"]) == (False, "")


def forgeries(signed: Signed) -> dict[str, tuple[bytes, Authority]]:
    """Tokens that hold for no time: each with the authority that the policy names."""
    good, other = made(NOW), made(NOW)
    cases: dict[str, tuple[bytes, Authority]] = {
        "another imprint": (token(signed, replace(good, manner="another imprint")), good),
        "a broken signature": (token(signed, replace(good, manner="broken")), good),
        "no certificate of its own": (token(signed, good, certificates=[]), good),
        "another authority's certificate": (token(signed, replace(other, certificate=good.certificate)), good),
        "a certificate that stamps no time": (token(signed, no_use := made(NOW, stamps=False)), no_use),
        "a certificate that had ended": (token(signed, ended := made(NOW, ends=NOW - timedelta(days=1))), ended),
        "a time before its certificate": (token(signed, early := made(datetime(2019, 1, 1, tzinfo=UTC))), early),
        "another root under its name": (token(signed, replace(good, root=other.root)), other),
    }  # fmt: skip
    return cases


def test_every_forged_token_is_refused_or_left_with_the_same_sentence(signed: Signed, tmp_path: Path) -> None:
    cases = forgeries(signed)
    policy = policy_of(signed, *(named.fingerprint for _, named in cases.values()))
    files = [with_token(signed, stamp) for stamp, _ in cases.values()]
    wanted = [ours(data, policy) for data in files]
    assert each(files, policy, tmp_path) == wanted
    assert all(refused or "it proves no time" in said for said, refused in wanted)


def test_other_attributes_beside_the_signature_are_refused(signed: Signed, tmp_path: Path) -> None:
    mine = _attribute(signed.data)
    small = der.encoded(
        der.SEQUENCE, der.encoded(der.OBJECT, b"\x2a\x03"), der.encoded(der.SET, der.encoded(der.NULL))
    )
    empty = der.encoded(der.SEQUENCE, mine.parts[0].parts[0].whole, der.encoded(der.SET))
    renamed = der.encoded(der.SEQUENCE, der.encoded(der.OBJECT, b"\x2a\x03"), mine.parts[0].parts[1].whole)
    policy = policy_of(signed)
    others = (
        der.encoded(0xA1, mine.parts[0].whole, small),
        *(der.encoded(0xA1, one) for one in (empty, renamed, b"")),
    )
    files = [_beside(signed.data, attributes) for attributes in others]
    wanted = [ours(data, policy) for data in files]
    assert all("unsigned attributes" in refused for _, refused in wanted)
    assert each(files, policy, tmp_path) == wanted


def test_no_changed_bit_of_a_stamp_is_believed_by_one_of_the_two(signed: Signed, tmp_path: Path) -> None:
    """What the page believes the command believes, and at the same time; what it refuses, the command does
    not believe.
    """
    authority = made(NOW)
    stamp = token(signed, authority)
    data, policy = with_token(signed, stamp), policy_of(signed, authority.fingerprint)
    place = data.index(stamp.hex().upper().encode())
    changes = []
    for n in range(0, len(stamp) * 2, 5):
        digit = int(data[place + n : place + n + 1], 16)
        changes.append([(place + n, b"0123456789ABCDEF"[digit ^ 1])])
    answers, believed = theirs(data, policy, tmp_path, changes), 0
    for ((at, byte),), answer in zip(changes, answers, strict=True):
        said = stamp_of(data[:at] + bytes([byte]) + data[at + 1 :], policy)
        if answer["trusted"]:
            assert said is not None, at - place
            assert (said.trusted, said.at.timestamp() * 1000, said.at) == (True, answer["at"], NOW)
        believed += answer["trusted"]
    assert believed < len(changes) // 4


def test_no_changed_digit_of_the_signature_is_taken_by_one_of_the_two(signed: Signed, tmp_path: Path) -> None:
    """The signature's own number and what stands around it, which nothing else covers; the token stands after
    it.
    """
    _, length, _, signer = _signer(signed.data)
    policy, upto = policy_of(signed), signed.data.index(signer.parts[6].whole.hex().upper().encode())
    changes = []
    for place in range(length + 1, upto, 3):
        digit = int(signed.data[place : place + 1], 16)
        changes.append([(place, b"0123456789ABCDEF"[digit ^ 1])])
    answers = theirs(signed.data, policy, tmp_path, changes)
    assert [answer["said"] for answer in answers] == [""] * len(changes)
    for ((place, byte),), answer in zip(changes, answers, strict=True):
        _, refused = ours(signed.data[:place] + bytes([byte]) + signed.data[place + 1 :], policy)
        assert refused != "", (place, answer)


def stamp_of(data: bytes, policy: Policy) -> Stamped | None:
    try:
        found = check_seal(data, frozenset(policy.notice_certificates), frozenset(policy.time_authorities))
    except VerificationFailed:
        return None
    return None if found is None else found.stamp
