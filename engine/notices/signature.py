"""The PAdES signature of a notice.

It is made with ECDSA P-256 as an incremental update, and checked against a known certificate.

The unsigned file is a prefix of the signed one, so the signature adds and changes nothing (`record.md`).
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.basics.errors import VerificationFailed
from engine.basics.files import write_private, write_whole
from engine.basics.regular_files import bytes_in
from engine.basics.values import counted
from engine.notices import der
from engine.notices.time_authority import NoTimeStamp, TimeAuthority, ask, refuse_other
from engine.notices.time_token import TOKEN, UNREADABLE, Stamped, stamped
from engine.record.keys import BadKey

FIELD = "Notice"
BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
"""What a signature covers, as the file says it.

The pattern is read without a PDF parser, so nothing untrusted is parsed before it is checked.
"""
HEXADECIMAL = re.compile(rb"(?:[0-9A-F]{2})+")
LONGEST_SIGNATURE = 2**16
"""Hexadecimal digits of the longest signature that is read; one of ours has about 2,000."""
YEARS = 10
LONGEST_NAME = 64
"""Characters of a common name (X.520)."""


def _identifier(*octets: int) -> bytes:
    return der.encoded(der.OBJECT, bytes(octets))


_PKCS = (0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01)
DATA, SIGNED_DATA, MESSAGE_DIGEST = (
    _identifier(*_PKCS, 7, 1),
    _identifier(*_PKCS, 7, 2),
    _identifier(*_PKCS, 9, 4),
)
"""Identifiers of RFC 5652: 1.2.840.113549.1.7.1, .1.7.2 and .1.9.4."""
SHA256 = der.encoded(
    der.SEQUENCE, _identifier(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01), der.encoded(der.NULL)
)
"""2.16.840.1.101.3.4.2.1, with the empty parameters that signing writes."""
ECDSA_WITH_SHA256 = der.encoded(der.SEQUENCE, _identifier(0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02))
"""1.2.840.10045.4.3.2 (RFC 5758)."""
VERSION = der.encoded(der.INTEGER, b"\x01")


def make_certificate(name: str, into: Path, now: datetime) -> str:
    """Make a P-256 key in `into` and its self-signed certificate beside it (`.crt`).

    The function returns the certificate's SHA-256.

    Raises BadKey if the file is there already.
    """
    if not name.strip() or len(name) > LONGEST_NAME:
        raise BadKey(f"a certificate names its holder in 1 to {LONGEST_NAME} characters")
    if into.exists():
        raise BadKey(f"{into} is there already; a key is never overwritten")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    # Signing and non-repudiation alone: a certificate for more would be believed for more.
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    builder = x509.CertificateBuilder(
        subject,
        subject,
        key.public_key(),
        x509.random_serial_number(),
        now,
        now + timedelta(days=365 * YEARS),
    )
    certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    into.parent.mkdir(parents=True, exist_ok=True)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # The key before its certificate: a certificate without its key would be handed out and sign nothing.
    write_private(into, private)
    try:
        write_whole(Path(f"{into}.crt"), certificate.public_bytes(serialization.Encoding.PEM))
    except BaseException:
        # A key without its certificate would bar the place, for a key is never overwritten.
        into.unlink(missing_ok=True)
        raise
    return certificate.fingerprint(hashes.SHA256()).hex()


def seal(data: bytes, key: Path, authority: TimeAuthority | None = None) -> bytes:
    """Return the file with a PAdES signature by a key whose certificate lies beside it.

    If an authority is given, the signature carries its time stamp.

    Raises:
        BadKey: the two cannot be read, or what the key signs does not hold by the certificate.
        NoTimeStamp: the authority gives no time stamp that holds; the file can be sealed without one.
    """
    # Refused before the key is read: whoever copied it could sign notices in the operator's name.
    if key.stat().st_mode & 0o077:
        raise BadKey(f"others can read {key}; make it yours alone with `chmod 600`")
    try:
        certificate = bytes_in(Path(f"{key}.crt"))
        signer = _signer(bytes_in(key), certificate)
    except (OSError, ValueError, TypeError) as error:
        raise BadKey(
            f"{key} and {key}.crt cannot be read: {type(error).__name__}; they are the key and the "
            "certificate that `headroom keys --notices` made"
        ) from error
    try:
        signed = _signed(data, signer, certificate, authority)
    # Our own error says why already; the next clause would hide that under the name of its class.
    except NoTimeStamp:
        raise
    except Exception as error:
        if authority is None:
            raise
        raise NoTimeStamp(f"{authority.url} gives no time stamp: {type(error).__name__}") from error
    # The library signs with a key whose certificate is another's; such a notice would verify nowhere.
    own = x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()
    try:
        sealed = check_seal(signed, frozenset([own]), _believed(authority))
    except VerificationFailed as failed:
        # The two causes ask for different remedies: sign without a stamp, or put the right certificate back.
        if authority is not None and "time stamp" in str(failed):
            raise NoTimeStamp(f"{authority.url}: {failed}") from failed
        raise BadKey(
            f"what {key} signs does not hold by {key}.crt: {failed}; put back the two that were made together"
        ) from failed
    if authority is not None:
        if sealed is None or sealed.stamp is None:
            raise NoTimeStamp(f"{authority.url} gives no time stamp")
        refuse_other(sealed.stamp, authority)
    return signed


def _signer(key: bytes, certificate: bytes) -> Any:
    """Return the library's signer for a key and its certificate, both as their files hold them.

    Raises ValueError or TypeError if one of them cannot be read.
    """
    from pyhanko import keys
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    (own,) = keys.load_certs_from_pemder_data(certificate)
    return signers.SimpleSigner(
        signing_cert=own,
        signing_key=keys.load_private_key_from_pemder_data(key, passphrase=None),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )


_ROOM: dict[tuple[bytes, str], int] = {}
"""How many digits a signature was given, by the signer's certificate and the address of its authority."""


def _signed(data: bytes, signer: Any, certificate: bytes, authority: TimeAuthority | None) -> bytes:
    """Return the file with the signature of the signer of a certificate.

    The library makes a first signature on trial to learn its size, and reserves half as much again. Later
    ones get the same room, for certificate and algorithm are the same. One that does not fit is refused.
    """
    from pyhanko.sign.general import SigningError

    by = certificate, "" if authority is None else authority.url
    try:
        signed = _signed_within(data, signer, authority, _ROOM.get(by))
    except SigningError:
        # The stamps of an authority may have grown, so the size is learned anew.
        if _ROOM.pop(by, None) is None:
            raise
        signed = _signed_within(data, signer, authority, None)
    _, length, after, _ = (int(bound) for bound in BYTE_RANGE.findall(signed)[-1])
    _ROOM[by] = after - length - len("<>")
    return signed


def _signed_within(data: bytes, signer: Any, authority: TimeAuthority | None, room: int | None) -> bytes:
    """Return the file with a signature in so many digits; without a number, the library learns it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        embed_validation_info=False,
    )
    out, stamper = io.BytesIO(), None if authority is None else _stamper(authority)
    signing = signers.PdfSigner(metadata, signer=signer, timestamper=stamper)
    signing.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), bytes_reserved=room, output=out)
    return out.getvalue()


def _stamper(authority: TimeAuthority) -> Any:
    """Return the library's time stamper that asks as every stamp here is asked for: within bounds."""
    from asn1crypto import tsp
    from pyhanko.sign.timestamps import TimeStamper

    class Bounded(TimeStamper):
        async def async_request_tsa_response(self, req: Any) -> Any:
            return tsp.TimeStampResp.load(ask(authority.url, req.dump(), authority.patience))

    return Bounded()  # type: ignore[no-untyped-call]


def _believed(authority: TimeAuthority | None) -> frozenset[str]:
    return frozenset() if authority is None else frozenset([authority.certificate_sha256])


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signature that holds.

    It says whose certificate it is, the file as it was before it was signed, and its time stamp if it has a
    stamp.
    """

    fingerprint: str
    unsigned: bytes
    stamp: Stamped | None = None


def check_seal(
    data: bytes, trusted: frozenset[str], authorities: frozenset[str] = frozenset()
) -> Sealed | None:
    """Return the signature over a whole file; None without one.

    Args:
        data: the file.
        trusted: SHA-256 fingerprints of the certificates that the verifier trusts, in hexadecimal.
        authorities: the same of the authorities whose time stamps are believed.

    Raises:
        VerificationFailed: the signature does not cover the file, does not hold, or is by no trusted
            certificate.
    """
    ranges = BYTE_RANGE.findall(data)
    if not ranges:
        return None
    # A second signature could cover an update that changes the pages after the first one was made.
    if len(ranges) > 1:
        raise VerificationFailed(f"{counted(len(ranges), 'signatures')} where there should be one")
    start, length, after, rest = (int(bound) for bound in ranges[0])
    if (
        # The gap must hold the signature and nothing else, or unsigned bytes could be put beside it.
        start != 0
        or after + rest != len(data)
        or not 0 < length < after
        or data[length : length + 1] + data[after - 1 : after] != b"<>"
    ):
        raise VerificationFailed("the signature does not cover the whole file")
    try:
        return _checked(data, length, after, trusted, authorities)
    except InvalidSignature:
        raise VerificationFailed("the signature does not hold") from None
    except UNREADABLE as error:
        raise VerificationFailed(f"the signature cannot be read: {type(error).__name__}") from error


def _checked(
    data: bytes, length: int, after: int, trusted: frozenset[str], authorities: frozenset[str]
) -> Sealed:
    """Return the CMS signature in the gap of the byte range, over everything outside it."""
    written = data[length + 1 : after - 1]
    if len(written) > LONGEST_SIGNATURE:
        raise VerificationFailed(f"the signature has more than {LONGEST_SIGNATURE:,} digits")
    if not HEXADECIMAL.fullmatch(written):
        raise VerificationFailed("the signature is not written in hexadecimal digits as signing writes them")
    contents = bytes.fromhex(written.decode("ascii"))
    info = der.first(contents)
    # The gap is reserved before the size is known, so zeros fill it up. Anything else is not signed.
    if info.tag != der.SEQUENCE or contents[len(info.whole) :].strip(b"\x00"):
        raise VerificationFailed("something other than the signature stands in its place")
    cms = _parts(info)
    if cms.attributes.get(MESSAGE_DIGEST) != der.encoded(
        der.OCTET_STRING, hashlib.sha256(data[:length] + data[after:]).digest()
    ):
        raise VerificationFailed("the file has been changed since it was signed")
    certificate = x509.load_der_x509_certificate(cms.certificate.whole)
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
    if fingerprint not in trusted:
        raise VerificationFailed(f"signed by a certificate that is not trusted: {fingerprint}")
    public = certificate.public_key()
    # Signing here makes P-256 keys alone, so a certificate of another kind is not one of ours.
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise VerificationFailed("the signature's key is of another kind than P-256")
    # RFC 5652: signed is the SET OF of the attributes, and not the implicit tag that stands in the file.
    public.verify(cms.signature, der.encoded(der.SET, cms.signed), ec.ECDSA(hashes.SHA256()))
    stamp = None if cms.token is None else stamped(cms.token, cms.signature, authorities)
    return Sealed(fingerprint, _before(data, length), stamp)


@dataclass(frozen=True, slots=True)
class _Cms:
    """The parts of a signature that differ from signature to signature.

    They are the certificate, the attributes that are signed, and the signature's own number.
    """

    certificate: der.Element
    signed: bytes
    attributes: dict[bytes, bytes]
    signature: bytes
    token: der.Element | None = None
    """The time stamp over the signature: the one thing that may stand in it unsigned."""


def _parts(info: der.Element) -> _Cms:
    """Return the parts of a CMS signature (RFC 5652).

    Everything around them is compared with what signing writes.

    The signature covers the attributes, and the policy covers the certificate. Nothing covers the other
    bytes, so each must be as written.

    Raises:
        VerificationFailed: something else stands around them.
        ValueError: it is not written in DER.
    """
    kind, content = info.parts
    version, digests, inner, certificates, signers = _count(content.only(der.SEQUENCE).parts, 5)
    if (
        kind.whole != SIGNED_DATA
        or content.tag != der.OWN
        or (certificates.tag, signers.tag) != (der.OWN, der.SET)
    ):
        raise VerificationFailed("the signature is of another kind than signed data with its certificate")
    if len(certificates.parts) != 1 or len(signers.parts) != 1:
        raise VerificationFailed(MORE)
    certificate, signer = certificates.only(der.SEQUENCE), signers.only(der.SEQUENCE)
    known, beside = (
        (signer.parts[:-1], signer.parts[-1]) if len(signer.parts) == STAMPED_PARTS else (signer.parts, None)
    )
    own, who, digest, attributes, algorithm, signature = _count(known, 6)
    if (digests.whole, digest.whole, algorithm.whole) != (
        der.encoded(der.SET, SHA256),
        SHA256,
        ECDSA_WITH_SHA256,
    ):
        raise VerificationFailed("the signature names other algorithms than ECDSA with SHA-256")
    if inner.whole != der.encoded(der.SEQUENCE, DATA):
        raise VerificationFailed("the signature is over another kind of content than a file's bytes")
    if version.whole != VERSION or own.whole != VERSION or who.whole != _holder(certificate):
        raise VerificationFailed("the signature names another version, signer or issuer than its certificate")
    if attributes.tag != der.OWN or signature.tag != der.OCTET_STRING:
        raise VerificationFailed("the signature has no attributes that are signed")
    return _Cms(
        certificate,
        attributes.content,
        _said(attributes),
        signature.content,
        None if beside is None else _token(beside),
    )


STAMPED_PARTS, UNSIGNED_ATTRIBUTES = 7, 0xA1


def _token(beside: der.Element) -> der.Element:
    """Return the one unsigned attribute that a signature may carry: a time stamp.

    Raises VerificationFailed for any other, or several.
    """
    if beside.tag != UNSIGNED_ATTRIBUTES or len(beside.parts) != 1:
        raise VerificationFailed(MORE)
    kind, values = _count(beside.parts[0].parts, 2)
    if kind.whole != TOKEN or values.tag != der.SET or len(values.parts) != 1:
        raise VerificationFailed(MORE)
    return values.parts[0]


MORE = "the signature carries parts that it does not sign: more signers, certificates, or unsigned attributes"


def _count(parts: tuple[der.Element, ...], expected: int) -> tuple[der.Element, ...]:
    """Refuse more parts than signing writes: what comes beyond them is signed by nobody.

    Raises VerificationFailed.
    """
    if len(parts) != expected:
        raise VerificationFailed(MORE)
    return parts


def _holder(certificate: der.Element) -> bytes:
    """Return the issuer and the serial number of a certificate, as a signature names its signer.

    RFC 5280 puts them after the version: serial, algorithm, issuer.
    """
    _, serial, _, issuer, *_ = certificate.parts[0].parts
    return der.encoded(der.SEQUENCE, issuer.whole, serial.whole)


def _said(attributes: der.Element) -> dict[bytes, bytes]:
    """Return each attribute's one value by its type.

    Raises ValueError if one is said twice, or has several values.
    """
    by_type: dict[bytes, bytes] = {}
    for kind, values in (part.parts for part in attributes.parts):
        (value,) = values.parts
        # With two digests, a verifier that takes the first and one that takes the last would disagree.
        if kind.whole in by_type:
            raise ValueError("an attribute that is said twice")
        by_type[kind.whole] = value.whole
    return by_type


def _before(data: bytes, signature: int) -> bytes:
    """Return the file up to the incremental update that holds the signature.

    It ends with the last end-of-file mark before the update.
    """
    end = data.rfind(b"%%EOF", 0, signature)
    return data[: end + len(b"%%EOF")] if end >= 0 else b""
