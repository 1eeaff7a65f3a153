"""A time authority of another hand, OpenSSL's: what it stamps is believed here, and what is stamped here it
verifies.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from engine.basics.errors import VerificationFailed
from engine.notices.checkpoint_stamp import stamp_over, time_of
from engine.notices.signature import check_seal, make_certificate, seal
from engine.notices.time_authority import TimeAuthority, token_over
from engine.record.checkpoint import Checkpoint, sign, stamped_bytes
from engine.record.keys import SigningKey, generate_key
from reports.render.pdf import to_pdf
from tests.conftest import REPOSITORY
from tests.notices.test_time_stamp import PAGE
from tests.notices.time_authority import made, served

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
CONFIGURED = """
[tsa]
default_tsa = one
[one]
serial = ./serial
signer_cert = ./tsa.crt
certs = ./ca.crt
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_alg = sha256
"""


def openssl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [OPENSSL or "", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authority's folder: a root, a certificate that stamps time, an RSA key, a serial number."""
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "ext").write_text("extendedKeyUsage=critical,timeStamping\n", encoding="utf-8")
    (folder / "tsa.cnf").write_text(CONFIGURED, encoding="utf-8")
    (folder / "serial").write_text("01\n", encoding="utf-8")
    new = ("-newkey", "rsa:2048", "-nodes", "-keyout")
    by = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "ext")
    for arguments in (
        ("req", "-x509", *new, "ca.key", "-out", "ca.crt", "-days", "30", "-subj", "/CN=Root"),
        ("req", *new, "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Authority"),
        ("x509", "-req", "-in", "tsa.csr", *by, "-out", "tsa.crt", "-days", "20"),
    ):
        done = openssl(folder, *arguments)
        assert done.returncode == 0, done.stderr
    return folder


@contextmanager
def answering(home: Path) -> Iterator[TimeAuthority]:
    """The authority at an address on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (home / "asked").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            openssl(home, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "asked", "-out", "answer")
            body = (home / "answer").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the tests listen."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    root = x509.load_pem_x509_certificate((home / "ca.crt").read_bytes())
    fingerprint = root.fingerprint(hashes.SHA256()).hex()
    try:
        yield TimeAuthority(
            f"http://127.0.0.1:{server.server_address[1]}/tsa", fingerprint, datetime.now(UTC)
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def key() -> SigningKey:
    return generate_key("agent.example/log")


def note_by(key: SigningKey) -> str:
    return sign(Checkpoint("agent.example/deal/x", 3, bytes(32)), key)


def test_what_openssl_stamps_is_believed_and_checked(home: Path, key: SigningKey) -> None:
    note = note_by(key)
    with answering(home) as authority:
        text = stamp_over(note, token_over(stamped_bytes(note), authority).whole).text
    named = frozenset([authority.certificate_sha256])
    found = time_of(text, note, [key.verifier], named)
    assert found.trusted
    assert abs(found.at - authority.now) < timedelta(minutes=1)
    other = note_by(generate_key("agent.example/log"))
    with pytest.raises(VerificationFailed):
        time_of(text, other, [key.verifier], named)


def test_a_notice_is_stamped_by_openssl(home: Path, tmp_path: Path) -> None:
    own = make_certificate("Agent", tmp_path / "notice.key", datetime.now(UTC) - timedelta(days=1))
    with answering(home) as authority:
        data = seal(to_pdf(PAGE, authority.now, {}), tmp_path / "notice.key", authority)
    found = check_seal(data, frozenset([own]), frozenset([authority.certificate_sha256]))
    assert found is not None
    assert found.stamp is not None
    assert found.stamp.trusted


def typed(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """One line of a page, as a shell runs it."""
    return subprocess.run(
        ["/bin/sh", "-c", line], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_openssl_verifies_a_stamp_by_the_two_commands_of_the_documentation(
    key: SigningKey, tmp_path: Path
) -> None:
    """`docs/method/record.md`, Independent time: the first five lines, and the lines of the token."""
    note, now = note_by(key), datetime.now(UTC)
    with served(made(now)) as authority:
        token = token_over(
            stamped_bytes(note), TimeAuthority(authority.url, authority.fingerprint, now, patience=5)
        )
    (tmp_path / "checkpoint").write_text(note, encoding="utf-8")
    (tmp_path / "checkpoint.stamp").write_text(stamp_over(note, token.whole).text, encoding="utf-8")
    (tmp_path / "authority.pem").write_bytes(authority.root.public_bytes(serialization.Encoding.PEM))
    page = (REPOSITORY / "docs" / "method" / "record.md").read_text(encoding="utf-8")
    parted, verified = re.findall(r"^\$ (.*)$", page, re.MULTILINE)
    assert typed(parted, tmp_path).returncode == 0
    assert "Verification: OK" in typed(verified, tmp_path).stdout
    (tmp_path / "stamped").write_text(f"{note}x", encoding="utf-8")
    assert typed(verified, tmp_path).returncode != 0
