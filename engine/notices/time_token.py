"""A time stamp of an independent authority over a signature (RFC 3161).

It is read in DER, and its own signature, chain and time are checked.

A notice may carry one as the only attribute that its signature does not sign (PAdES-T). Whose authority is
believed is the verifier's policy; nothing of it comes from the file.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from engine.basics.errors import VerificationFailed
from engine.notices import der

PKCS = (0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01)
SIGNED_DATA, CONTENT_TYPE, MESSAGE_DIGEST = (
    der.encoded(der.OBJECT, bytes((*PKCS, *rest))) for rest in ((7, 2), (9, 3), (9, 4))
)
TOKEN = der.encoded(der.OBJECT, bytes((*PKCS, 9, 16, 2, 14)))
"""1.2.840.113549.1.9.16.2.14: the attribute that holds a time stamp over a signature."""
TST_INFO = der.encoded(der.OBJECT, bytes((*PKCS, 9, 16, 1, 4)))
SHA256 = der.encoded(der.OBJECT, bytes((0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01)))
HASHES = {
    SHA256: hashes.SHA256(),
    der.encoded(der.OBJECT, bytes((0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02))): hashes.SHA384(),
    der.encoded(der.OBJECT, bytes((0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03))): hashes.SHA512(),
}
GENERALIZED_TIME, IMPLICIT = 0x18, 0xA0
MOMENT = re.compile(rb"(\d{14})(?:\.(\d{1,6}))?Z")
SLACK = timedelta(minutes=10)
"""How far an authority's clock may stand before what it stamps says that it was made."""
UNREADABLE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    StopIteration,
    x509.InvalidVersion,
    UnsupportedAlgorithm,
)
"""What reading a token or a certificate raises for something that is not in its form."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A time stamp that holds.

    It says when, by whose certificate, and whether the verifier's policy names that authority.
    """

    at: datetime
    fingerprint: str
    trusted: bool


def stamped(token: der.Element, over: bytes, authorities: frozenset[str]) -> Stamped:
    """Return what a token says of the bytes that it is over.

    Args:
        token: the token, a CMS signed data in DER.
        over: the bytes that were to be stamped: the signature's own.
        authorities: SHA-256 fingerprints of certificates, of an authority or of who certifies it, that the
            verifier trusts.

    Raises:
        VerificationFailed: it is over other bytes, does not hold, or is by a certificate that stamps no time.
        ValueError: it is not written in DER.
    """
    kind, content = token.parts
    signed = content.only(der.SEQUENCE).parts
    if kind.whole != SIGNED_DATA or len(signed) not in (4, 5):
        raise VerificationFailed("the time stamp is of another kind than signed data")
    _, _, inner, certificates, *_, signers = signed
    if inner.parts[0].whole != TST_INFO or certificates.tag != IMPLICIT or len(signers.parts) != 1:
        raise VerificationFailed("the time stamp is not a token of an authority with its certificate")
    info = inner.parts[1].only(der.OCTET_STRING).content
    at = _says(info, over)
    signer = signers.parts[0]
    held = [x509.load_der_x509_certificate(part.whole) for part in certificates.parts]
    own = _certificate(signer, held)
    _holds(signer, info, own)
    _may_stamp(own, at)
    return Stamped(at, _fingerprint(own), _chained(own, held, authorities, at))


def _says(info: bytes, over: bytes) -> datetime:
    """Return the time of a TSTInfo (RFC 3161 §2.4.2), whose imprint must be of the bytes."""
    whole = der.first(info)
    if whole.whole != info:
        raise VerificationFailed("the time stamp holds more than its statement")
    _, _, imprint, _, moment, *_ = whole.parts
    algorithm, digest = imprint.parts
    # Only SHA-256 is asked for, so another hash in the imprint answers another request.
    if algorithm.parts[0].whole != SHA256 or digest.content != hashlib.sha256(over).digest():
        raise VerificationFailed("the time stamp is over other bytes than this signature")
    match = MOMENT.fullmatch(moment.content) if moment.tag == GENERALIZED_TIME else None
    if match is None:
        raise VerificationFailed("the time stamp says no time in UTC")
    second = datetime.strptime(match[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return second + timedelta(microseconds=int((match[2] or b"0").ljust(6, b"0")))


def _certificate(signer: der.Element, held: list[x509.Certificate]) -> x509.Certificate:
    """Return the certificate that a signer names by issuer and serial number."""
    issuer, serial = signer.parts[1].parts
    number = int.from_bytes(serial.content, "big", signed=True)
    found = [
        certificate
        for certificate in held
        if certificate.serial_number == number and certificate.issuer.public_bytes() == issuer.whole
    ]
    # With two certificates of one name and number, it would be open whose key made the stamp.
    if len(found) != 1:
        raise VerificationFailed("the time stamp does not carry the certificate of who made it")
    return found[0]


def _holds(signer: der.Element, info: bytes, certificate: x509.Certificate) -> None:
    """Check that the token's signature is over its statement. Raises VerificationFailed."""
    parts = signer.parts
    if len(parts) < 6 or parts[3].tag != IMPLICIT or parts[5].tag != der.OCTET_STRING:
        raise VerificationFailed("the time stamp has no attributes that are signed")
    algorithm = HASHES.get(parts[2].parts[0].whole)
    if algorithm is None:
        raise VerificationFailed("the time stamp names another hash than SHA-256, SHA-384 or SHA-512")
    said = {part.parts[0].whole: part.parts[1] for part in parts[3].parts}
    digest = hashlib.new(algorithm.name, info).digest()
    # The signature covers only the attributes. This digest ties the attributes to the time.
    if MESSAGE_DIGEST not in said or said[MESSAGE_DIGEST].only(der.OCTET_STRING).content != digest:
        raise VerificationFailed("the time stamp's signature is over another statement")
    if CONTENT_TYPE not in said or said[CONTENT_TYPE].parts[0].whole != TST_INFO:
        raise VerificationFailed("the time stamp's signature is over another kind of statement")
    attributes, key = der.encoded(der.SET, parts[3].content), certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(parts[5].content, attributes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(parts[5].content, attributes, ec.ECDSA(algorithm))
        else:
            raise VerificationFailed("the time stamp's key is of another kind than RSA or an elliptic curve")
    except InvalidSignature:
        raise VerificationFailed("the time stamp's signature does not hold") from None


def _may_stamp(certificate: x509.Certificate, at: datetime) -> None:
    """Check that a certificate is one that stamps time, and was valid then (RFC 3161 §2.3).

    Raises VerificationFailed.
    """
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise VerificationFailed("the time stamp is by a certificate that stamps no time") from None
    # Time stamping alone (RFC 3161 §2.3): a key that also signs other things could stamp by accident.
    if list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise VerificationFailed("the time stamp is by a certificate that stamps no time")
    # Valid at the time that it stamps, and not today: a stamp outlives the certificate by many years.
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise VerificationFailed(
            f"the time stamp says {at:%Y-%m-%d %H:%M} UTC, when its certificate was not valid"
        )


def _chained(
    certificate: x509.Certificate, held: list[x509.Certificate], authorities: frozenset[str], at: datetime
) -> bool:
    """Return whether the policy names the certificate, or a certificate that certifies it.

    The chain goes through the certificates that the token carries.
    """
    now, seen = certificate, 0
    # Counted, since certificates that certify each other would otherwise go round for ever.
    while seen <= len(held):
        if _fingerprint(now) in authorities:
            return True
        above = [
            other
            for other in held
            if other != now
            and _issued(now, other)
            and other.not_valid_before_utc <= at <= other.not_valid_after_utc
        ]
        if not above:
            return False
        now, seen = above[0], seen + 1
    return False


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        # Without this check, any certificate of an authority's customer could certify a false authority.
        if not by.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return True


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()
