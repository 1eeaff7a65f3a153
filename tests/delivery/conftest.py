from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.delivery.mail import Relay
from engine.demo import plan
from engine.determination.template import Template
from engine.operations.run import Tools, run
from engine.record.log import Scribe
from engine.workspace.delivery_settings import MailSettings, Person
from engine.workspace.workspace import Workspace, create, opened
from tests.built import copy_of
from tests.conftest import DEALS
from tests.operations.taking import take
from tests.operations.test_run import DEAL, keep, paper

RULE = (
    "deemed_given: 2 business days after sending, if_sent_after: '17:00', returned: withdraws, body: answer"
)


@dataclass
class Relays:
    """A relay on loopback with every failure that one has; what it took is in `got`."""

    mode: str = "ok"
    got: list[tuple[str, str, bytes]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    meet: Callable[[str], None] = lambda _: None
    """What hears of each moment of a message: `addressed`, `before it is taken`, `taken`."""

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mode == "greylisting" and address not in self.seen:
            self.seen.add(address)
            return "451 4.7.1 Greylisted, try again"
        if self.mode == "unknown user":
            return "550 5.1.1 No such user"
        if self.mode == "full":
            return "452 4.2.2 Mailbox full"
        self.meet("addressed")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.mode == "cut before it is taken":
            server.transport.abort()
            return "250 lost"
        if self.mode == "refused":
            return "554 5.6.0 content refused"
        assert isinstance(envelope.content, bytes)
        self.meet("before it is taken")
        self.got.append((envelope.mail_from or "", envelope.rcpt_tos[0], envelope.content))
        if self.mode == "cut after it is taken":
            server.transport.abort()
        if self.mode == "slow to answer":
            await asyncio.sleep(1.5)
        self.meet("taken")
        return "250 2.0.0 Ok: queued as 4F2"


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    unprotected = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(unprotected)
    return folder / "cert.pem"


def _known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"agent", b"secret")
    return AuthResult(success=known, handled=False)


@pytest.fixture
def relays() -> Relays:
    return Relays()


@pytest.fixture
def relay(relays: Relays, tmp_path: Path) -> Iterator[Relay]:
    """A relay that wants STARTTLS and a password, on a free port of loopback."""
    (tmp_path / "tls").mkdir()
    certificate = _certificate(tmp_path / "tls")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, tmp_path / "tls" / "key.pem")

    class Guarded(Controller):
        def factory(self) -> SMTP:
            return SMTP(
                self.handler,
                tls_context=context,
                require_starttls=True,
                authenticator=_known,
                auth_required=True,
                auth_require_tls=True,
                hostname="relay",
            )

    server = Guarded(relays, hostname="127.0.0.1", port=_free_port())
    server.start()
    yield Relay("localhost", server.port, "starttls", "agent", "secret", timeout=5, cafile=str(certificate))
    server.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def tools(all_templates: dict[str, Template]) -> Tools:
    return Tools(all_templates, paper, datetime(2026, 1, 16, 12, tzinfo=UTC), "tester", lambda _: None)


@pytest.fixture
def desk(tmp_path: Path, tools: Tools, all_templates: dict[str, Template]) -> Iterator[Workspace]:
    """A workspace with two compliance notices of a deal that says when a notice is given, and one person who
    acts for the servicer.
    """
    found = opened(copy_of("two compliance notices", lambda root: _two_weeks(root, tools), tmp_path / "desk"))
    yield found
    found.store.close()


@pytest.fixture
def without_terms(tmp_path: Path, tools: Tools) -> Iterator[Workspace]:
    """The same of a deal that does not say when a notice is given."""
    made = copy_of(
        "two notices without terms", lambda root: _two_weeks(root, tools, rule=""), tmp_path / "without"
    )
    found = opened(made)
    yield found
    found.store.close()


def _two_weeks(root: Path, tools: Tools, rule: str = f", {RULE}") -> None:
    create(root, "Example Agent")
    text = (DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8")
    asked = "to: [servicer, administrative_agent, indenture_trustee], every: determination date"
    assert asked in text
    (root / "deals" / f"{DEAL}.yaml").write_text(text.replace(asked, f"{asked}{rule}"), encoding="utf-8")
    found = opened(root)
    at = datetime(2026, 1, 16, 12, tzinfo=UTC)
    for thursday in plan.THURSDAYS[:2]:
        keep(found, thursday, at)
        for report in plan.reports(thursday):
            if report.name.startswith(DEAL):
                take(found, report.text, report.name, report.received, tools.templates, Scribe("t", "t", at))
    run(found, plan.THURSDAYS[1], tools)
    found.store.close()


Settled = Callable[..., Workspace]


@pytest.fixture
def settled(desk: Workspace, relay: Relay, tmp_path: Path) -> Settled:
    """The same workspace with its mail settings, changed as a test asks."""

    def make(of: Workspace = desk, /, **changed: object) -> Workspace:
        (of.root / "password").write_text("secret\n", encoding="utf-8")
        said: dict[str, object] = {
            "host": "localhost",
            "port": relay.port,
            "cafile": relay.cafile,
            "user": "agent",
            "password_file": "password",
            "sender": "notices@agent.example",
            "bounces": "bounce@agent.example",
            "returned": "returned",
            "timeout_seconds": 5,
            "remind_days": (),
            **changed,
        }
        people = {"A. Person": Person(acts_for=("servicer",))}
        settings = of.settings.model_copy(
            update={"mail": MailSettings.model_validate(said), "people": people}
        )
        return Workspace(of.root, settings)

    return make


class Clock:
    """A clock of the test: each reading is a second later."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def scribe(self) -> Scribe:
        self.at += timedelta(seconds=1)
        return Scribe("desk", "headroom test", self.at)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 1, 16, 20, 0, tzinfo=UTC))
