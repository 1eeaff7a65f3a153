"""The PAdES signature of a notice: made with ECDSA P-256 as an incremental update, and checked against a known certificate.

The unsigned file is a prefix of the signed one, so the signature adds and changes nothing (`record.md`).
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.errors import VerificationFailed
from engine.record.keys import BadKey

FIELD = "Notice"
BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
"""What a signature covers, as the file says it; read without a PDF parser, so nothing untrusted is parsed before it is checked."""
HEXADECIMAL = re.compile(rb"(?:[0-9A-F]{2})+")
YEARS = 10
LONGEST_NAME = 64
"""Characters of a common name (X.520)."""


def make_certificate(name: str, into: Path, now: datetime) -> str:
    """A P-256 key in `into` and its self-signed certificate beside it (`.crt`); returns the certificate's SHA-256.

    Raises BadKey where the file is there already.
    """
    if not name.strip() or len(name) > LONGEST_NAME:
        raise BadKey(f"a certificate names its holder in 1 to {LONGEST_NAME} characters")
    if into.exists():
        raise BadKey(f"{into} is there already; a key is never overwritten")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    builder = x509.CertificateBuilder(
        subject, subject, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=365 * YEARS)
    )
    certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    into.parent.mkdir(parents=True, exist_ok=True)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    handle = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(private)
    Path(f"{into}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return certificate.fingerprint(hashes.SHA256()).hex()


def seal(data: bytes, key: Path) -> bytes:
    """The file with a PAdES signature by the key in a file, whose certificate lies beside it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    if key.stat().st_mode & 0o077:
        raise BadKey(f"others can read {key}; make it yours alone with `chmod 600`")
    try:
        signer = signers.SimpleSigner.load(str(key), f"{key}.crt")  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError) as error:
        raise BadKey(f"{key} and {key}.crt cannot be read: {type(error).__name__}") from error
    if signer is None:
        raise BadKey(f"{key} and {key}.crt cannot be read; they are the key and the certificate that `headroom keys --notices` made")
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES, embed_validation_info=False
    )
    out = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    signers.PdfSigner(metadata, signer=signer).sign_pdf(writer, output=out)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signature that holds: whose certificate it is, and the file as it was before it was signed."""

    fingerprint: str
    unsigned: bytes


def check_seal(data: bytes, trusted: frozenset[str]) -> Sealed | None:
    """The signature over a whole file; None where there is none.

    Args:
        data: the file.
        trusted: SHA-256 fingerprints of the certificates that the verifier trusts, in hexadecimal.

    Raises:
        VerificationFailed: the signature does not cover the file, does not hold, or is by no trusted certificate.
    """
    ranges = BYTE_RANGE.findall(data)
    if not ranges:
        return None
    if len(ranges) > 1:
        raise VerificationFailed(f"{len(ranges)} signatures where there should be one")
    start, length, after, rest = (int(one) for one in ranges[0])
    if start != 0 or after + rest != len(data) or not 0 < length < after or data[length : length + 1] + data[after - 1 : after] != b"<>":
        raise VerificationFailed("the signature does not cover the whole file")
    try:
        return _checked(data, length, after, trusted)
    except InvalidSignature:
        raise VerificationFailed("the signature does not hold") from None
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise VerificationFailed(f"the signature cannot be read: {type(error).__name__}") from error


def _checked(data: bytes, length: int, after: int, trusted: frozenset[str]) -> Sealed:
    """The CMS signature in the gap of the byte range, over everything outside it."""
    from asn1crypto import cms

    written = data[length + 1 : after - 1]
    if not HEXADECIMAL.fullmatch(written):
        raise VerificationFailed("the signature is not written in hexadecimal digits as signing writes them")
    contents = bytes.fromhex(written.decode("ascii"))
    info = cms.ContentInfo.load(contents)
    der = info.dump(force=True)  # built anew from its parts, so that other spellings of the same parts are seen
    if contents[: len(der)] != der or contents[len(der) :].strip(b"\x00"):
        raise VerificationFailed("something other than the signature stands in its place")
    digest = hashlib.sha256(data[:length] + data[after:]).digest()
    signed, signer = info["content"], info["content"]["signer_infos"][0]
    parts = (len(signed["signer_infos"]), len(signed["certificates"]), len(signed["crls"]), len(signer["unsigned_attrs"]))
    if parts != (1, 1, 0, 0):
        raise VerificationFailed("the signature carries parts that it does not sign: more signers, certificates, or unsigned attributes")
    attributes = {one["type"].native: one["values"][0] for one in signer["signed_attrs"]}
    if attributes["message_digest"].native != digest:
        raise VerificationFailed("the file has been changed since it was signed")
    certificate = x509.load_der_x509_certificate(signed["certificates"][0].chosen.dump())
    _said_once(signed, signer)
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
    if fingerprint not in trusted:
        raise VerificationFailed(f"signed by a certificate that is not trusted: {fingerprint}")
    public = certificate.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise VerificationFailed("the signature's key is of another kind than P-256")
    message = signer["signed_attrs"].untag().dump()
    public.verify(signer["signature"].native, message, ec.ECDSA(hashes.SHA256()))
    return Sealed(fingerprint, _before(data, length))


def _said_once(signed: Any, signer: Any) -> None:
    """Whether what stands around the signature is what signing writes. Raises VerificationFailed; ECDSA does not cover it."""
    own = signed["certificates"][0].chosen
    algorithms = (signer["digest_algorithm"].native, signed["digest_algorithms"].native, signer["signature_algorithm"].native)
    names = {"algorithm": "sha256", "parameters": None}
    if algorithms != (names, [names], {"algorithm": "sha256_ecdsa", "parameters": None}):
        raise VerificationFailed("the signature names other algorithms than ECDSA with SHA-256")
    if signed["encap_content_info"]["content_type"].native != "data":
        raise VerificationFailed("the signature is over another kind of content than a file's bytes")
    who = signer["sid"].chosen
    if (signed["version"].native, signer["version"].native) != ("v1", "v1") or who["serial_number"].native != own.serial_number:
        raise VerificationFailed("the signature names another version or signer than its certificate")
    if who["issuer"].dump() != own.issuer.dump():
        raise VerificationFailed("the signature names another issuer than its certificate's")


def _before(data: bytes, signature: int) -> bytes:
    """The file up to the incremental update that holds the signature: the last end-of-file mark before it."""
    end = data.rfind(b"%%EOF", 0, signature)
    return data[: end + len(b"%%EOF")] if end >= 0 else b""
