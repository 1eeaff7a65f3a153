"""Independent time on a notice: an authority that stamps, refuses, stalls, or stamps with another key or
time; and what may be forged.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from engine.basics.errors import VerificationFailed
from engine.notices import der
from engine.notices.signature import (
    BYTE_RANGE,
    check_seal,
    make_certificate,
    seal,
)
from engine.notices.time_authority import NoTimeStamp, TimeAuthority
from engine.operations.seal_notice import sealed
from reports.render.pdf import to_pdf
from tests.notices.time_authority import Authority, Manner, made, served

NOW = datetime(2026, 7, 3, 12, tzinfo=UTC)
PAGE = (
    '<html lang="en"><head><title>x</title></head><body data-left="" data-mid="" data-right="" '
    'data-foot=""><p>x</p></body></html>'
)


@pytest.fixture(scope="module")
def plain() -> bytes:
    return to_pdf(PAGE, NOW, {})


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "notice.key"
    make_certificate("Agent", path, NOW - timedelta(days=1))
    return path


@pytest.fixture(scope="module")
def own(key: Path) -> frozenset[str]:
    certificate = x509.load_pem_x509_certificate(Path(f"{key}.crt").read_bytes())
    return frozenset([certificate.fingerprint(hashes.SHA256()).hex()])


def asked(authority: Authority, patience: float = 10.0) -> TimeAuthority:
    return TimeAuthority(authority.url, authority.fingerprint, NOW, patience)


def test_a_stamped_notice_says_when_and_by_whom(plain: bytes, key: Path, own: frozenset[str]) -> None:
    with served(made(NOW + timedelta(seconds=5))) as authority:
        data = seal(plain, key, asked(authority))
    found = check_seal(data, own, frozenset([authority.fingerprint]))
    assert found is not None
    assert found.stamp is not None
    assert (found.stamp.at, found.stamp.trusted) == (NOW + timedelta(seconds=5), True)
    assert data.startswith(plain.rstrip(b"\n"))
    unknown = check_seal(data, own)
    assert unknown is not None
    assert unknown.stamp is not None
    assert not unknown.stamp.trusted


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ("refuses", "gives no time stamp"),
        ("stalls", "gives no time stamp"),
        ("another imprint", "time stamp"),
        ("broken", "the time stamp's signature does not hold"),
    ],
)
def test_an_authority_that_fails_gives_no_stamp_and_stops_no_notice(
    plain: bytes, key: Path, own: frozenset[str], manner: Manner, said: str
) -> None:
    with served(replace(made(NOW), manner=manner)) as authority:
        with pytest.raises(NoTimeStamp, match=said):
            seal(plain, key, asked(authority, patience=0.5))
        told: list[str] = []
        data = sealed(plain, key, asked(authority, patience=0.5), told.append)
    assert told[0].startswith("signed without a time stamp: ")
    found = check_seal(data, own)
    assert found is not None
    assert found.stamp is None


def test_nobody_at_the_address_is_no_stamp(plain: bytes, key: Path) -> None:
    with served(made(NOW)) as authority:
        gone = asked(authority)
    with pytest.raises(NoTimeStamp, match="gives no time stamp"):
        seal(plain, key, gone)


def test_another_key_and_another_time_are_no_stamp(plain: bytes, key: Path) -> None:
    with served(made(NOW)) as authority:
        other = replace(asked(authority), certificate_sha256=made(NOW).fingerprint)
        with pytest.raises(NoTimeStamp, match="is not certified by"):
            seal(plain, key, other)
    for wrong in (NOW - timedelta(days=2200), NOW + timedelta(hours=1)):
        with (
            served(made(wrong)) as authority,
            pytest.raises(NoTimeStamp, match="and the clock here 2026-07-03 12:00"),
        ):
            seal(plain, key, asked(authority))


def test_a_certificate_that_stamps_no_time_or_had_ended_is_refused(plain: bytes, key: Path) -> None:
    with served(made(NOW, stamps=False)) as authority, pytest.raises(NoTimeStamp, match="stamps no time"):
        seal(plain, key, asked(authority))
    with (
        served(made(NOW, ends=NOW - timedelta(days=1))) as authority,
        pytest.raises(NoTimeStamp, match="was not valid"),
    ):
        seal(plain, key, asked(authority))


def test_exactly_one_token_over_its_own_signature_may_stand_there(
    plain: bytes, key: Path, own: frozenset[str]
) -> None:
    with served(made(NOW)) as authority:
        one, other = (seal(plain, key, asked(authority)) for _ in range(2))
        trusted = frozenset([authority.fingerprint])
    assert check_seal(one, own, trusted) is not None
    mine, theirs = _attribute(one), _attribute(other)
    small = der.encoded(
        der.SEQUENCE, der.encoded(der.OBJECT, b"\x2a\x03"), der.encoded(der.SET, der.encoded(der.NULL))
    )
    empty = der.encoded(der.SEQUENCE, mine.parts[0].parts[0].whole, der.encoded(der.SET))
    renamed = der.encoded(der.SEQUENCE, der.encoded(der.OBJECT, b"\x2a\x03"), mine.parts[0].parts[1].whole)
    for attributes, said in (
        (der.encoded(0xA1, mine.parts[0].whole, small), "unsigned attributes"),
        (der.encoded(0xA1, empty), "unsigned attributes"),
        (der.encoded(0xA1, renamed), "unsigned attributes"),
        (der.encoded(0xA1), "unsigned attributes"),
        (theirs.whole, "over other bytes than this signature"),
    ):
        with pytest.raises(VerificationFailed, match=said):
            check_seal(_beside(one, attributes), own, trusted)


def test_no_changed_bit_of_a_stamp_is_believed(plain: bytes, key: Path, own: frozenset[str]) -> None:
    """Each byte of the token: what is believed of it is what the authority signed."""
    with served(made(NOW)) as authority:
        data = seal(plain, key, asked(authority))
        trusted = frozenset([authority.fingerprint])
    token = _attribute(data).parts[0].parts[1].parts[0].whole
    place = data.index(token.hex().upper().encode())
    believed = []
    for n in range(0, len(token) * 2, 7):
        changed = bytearray(data)
        changed[place + n] = b"0123456789ABCDEF"[int(changed[place + n : place + n + 1], 16) ^ 1]
        try:
            found = check_seal(bytes(changed), own, trusted)
        except VerificationFailed:
            continue
        if found is not None and found.stamp is not None and found.stamp.trusted and found.stamp.at != NOW:
            believed.append(n)
    assert believed == []


def _signer(data: bytes) -> tuple[bytes, int, int, der.Element]:
    _, length, after, _ = (int(one) for one in BYTE_RANGE.findall(data)[0])
    info = der.first(bytes.fromhex(data[length + 1 : after - 1].decode()))
    return info.whole, length, after, info.parts[1].parts[0].parts[4].parts[0]


def _attribute(data: bytes) -> der.Element:
    return _signer(data)[3].parts[6]


def _beside(data: bytes, attributes: bytes) -> bytes:
    """The same signature with other unsigned attributes beside it."""
    whole, length, after, signer = _signer(data)
    kind, wrapped = der.first(whole).parts
    version, digests, inner, certificates, _ = wrapped.parts[0].parts
    mine = der.encoded(der.SEQUENCE, *(part.whole for part in signer.parts[:6]), attributes)
    parts = (version.whole, digests.whole, inner.whole, certificates.whole, der.encoded(der.SET, mine))
    again = (
        der.encoded(der.SEQUENCE, kind.whole, der.encoded(der.OWN, der.encoded(der.SEQUENCE, *parts)))
        .hex()
        .upper()
        .encode()
    )
    assert len(again) <= after - 1 - (length + 1)
    return data[: length + 1] + again + b"0" * (after - 1 - (length + 1) - len(again)) + data[after - 1 :]
