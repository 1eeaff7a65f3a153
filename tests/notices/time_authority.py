"""A time-stamping authority on this machine's loopback, which answers as it is told: well, not at all, late,
with another key or time.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from engine.notices import der

Manner = Literal[
    "stamps", "refuses", "stalls", "another imprint", "broken", "drips", "floods", "another nonce", "fails"
]
POLICY = "1.3.6.1.4.1.99999.1"


@dataclass
class Authority:
    """An authority: its certificate with the key, the one that certifies it, what its clock says, how it
    answers.
    """

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    root: x509.Certificate
    at: datetime
    manner: Manner = "stamps"
    url: str = ""
    on_asked: Callable[[], None] = lambda: None
    """Called whenever it is asked, before it answers."""

    @property
    def fingerprint(self) -> str:
        """What a policy names: the SHA-256 of the certificate that certifies it."""
        return self.root.fingerprint(hashes.SHA256()).hex()

    def answer(self, asked: bytes) -> bytes:
        """The response to a request, in DER."""
        request = tsp.TimeStampReq.load(asked)
        if self.manner == "refuses":
            status = der.encoded(der.SEQUENCE, der.encoded(der.INTEGER, b"\x02"))  # rejection
            return der.encoded(der.SEQUENCE, status)
        return bytes(
            tsp.TimeStampResp(
                {"status": {"status": "granted"}, "time_stamp_token": self.token(request)}
            ).dump()
        )

    def token(self, request: Any) -> cms.ContentInfo:
        """A token over the request's imprint, with the certificates of the chain."""
        imprint = request["message_imprint"].native["hashed_message"]
        if self.manner == "another imprint":
            imprint = hashlib.sha256(imprint).digest()
        info = tsp.TSTInfo(
            {
                "version": 1,
                "policy": POLICY,
                "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": imprint},
                "serial_number": 7,
                "gen_time": self.at,
                "nonce": request["nonce"].native + (self.manner == "another nonce"),
            }
        )
        held = [
            asn1.Certificate.load(one.public_bytes(serialization.Encoding.DER))
            for one in (self.certificate, self.root)
        ]
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute(
                    {"type": "message_digest", "values": [hashlib.sha256(info.dump()).digest()]}
                ),
                cms.CMSAttribute(
                    {
                        "type": "signing_certificate_v2",
                        "values": [
                            tsp.SigningCertificateV2(
                                {
                                    "certs": [
                                        tsp.ESSCertIDv2(
                                            {"cert_hash": hashlib.sha256(held[0].dump()).digest()}
                                        )
                                    ]
                                }
                            )
                        ],
                    }
                ),
            ]
        )
        signature = self.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
        if self.manner == "broken":
            signature = self.key.sign(b"something else", ec.ECDSA(hashes.SHA256()))
        named = {"issuer": held[0].issuer, "serial_number": held[0].serial_number}
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier({"issuer_and_serial_number": cms.IssuerAndSerialNumber(named)}),
                "digest_algorithm": {"algorithm": "sha256"},
                "signed_attrs": attributes,
                "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                "signature": signature,
            }
        )
        content = {"content_type": "tst_info", "content": core.ParsableOctetString(info.dump())}
        signed = {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": content,
            "certificates": held,
        }
        return cms.ContentInfo(
            {"content_type": "signed_data", "content": cms.SignedData({**signed, "signer_infos": [signer]})}
        )


def made(at: datetime, *, stamps: bool = True, ends: datetime | None = None) -> Authority:
    """An authority with a root of its own; `stamps` is whether its certificate is one that stamps time."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    began = datetime(2020, 1, 1, tzinfo=UTC)
    root = _certificate(
        "Loopback root", "Loopback root", root_key, root_key, (began, began + timedelta(days=9000)), ca=True
    )
    usage = x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.TIME_STAMPING if stamps else ExtendedKeyUsageOID.CODE_SIGNING]
    )
    span = (began, ends or began + timedelta(days=8000))
    return Authority(
        key, _certificate("Loopback authority", "Loopback root", key, root_key, span, usage=usage), root, at
    )


def _certificate(
    name: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    span: tuple[datetime, datetime],
    ca: bool = False,
    usage: x509.ExtendedKeyUsage | None = None,
) -> x509.Certificate:
    called = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer)]
    builder = x509.CertificateBuilder(
        called[1], called[0], key.public_key(), x509.random_serial_number(), *span
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    return (builder.add_extension(usage, critical=True) if usage is not None else builder).sign(
        by, hashes.SHA256()
    )


@contextmanager
def served(authority: Authority) -> Iterator[Authority]:
    """The authority answering on loopback, on a port that the system chose."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            authority.on_asked()
            if authority.manner == "stalls":
                time.sleep(3)
            body = authority.answer(asked)
            if authority.manner == "floods":
                body += bytes(100_000)
            self.send_response(500 if authority.manner == "fails" else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for n in range(len(body) if authority.manner == "drips" else 0):
                try:
                    self.wfile.write(body[n : n + 1])
                except OSError:  # whoever asked has gone
                    return
                time.sleep(0.2)
            if authority.manner != "drips":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the tests listen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    authority.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
