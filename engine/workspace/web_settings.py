"""How a workspace's pages are served: `[web]` in `headroom.toml`."""

from __future__ import annotations

from pydantic import Field, model_validator

from engine.basics.values import Fact

DATABASE = "web.sqlite"
"""The second database, inside the workspace.

It holds accounts, grants, sessions, what waits for a second person, and the log of reads.
"""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class WebSettings(Fact):
    """Where the pages are, and what stands before them.

    Attributes:
        host: the address that is listened on; only this machine's own, unless TLS or a proxy is configured.
        port: the port.
        address: the address that people use, like `https://desk.example.com`; its name is the only one that
            is answered besides `host`.
        tls_certificate: the file of the certificate, with its chain.
        tls_key: the file of its key.
        behind_proxy: whether a proxy with TLS stands before it, whose `X-Forwarded-For` and
            `X-Forwarded-Proto` are trusted.
        signed_in_by: the header in which an authenticating proxy names the account; it needs `behind_proxy`.
        upload_megabytes: the largest file that is taken.
        administrator: whom people ask for a grant, as pages name that person.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=1, le=65535)
    address: str | None = Field(default=None, pattern=r"^https?://[A-Za-z0-9.\-]+(:\d{1,5})?$")
    tls_certificate: str | None = None
    tls_key: str | None = None
    behind_proxy: bool = False
    signed_in_by: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,64}$")
    upload_megabytes: int = Field(default=20, ge=1, le=200)
    administrator: str = "your administrator"

    @property
    def has_tls(self) -> bool:
        """Return whether the pages reach people by TLS."""
        return self.tls_certificate is not None or self.behind_proxy

    @model_validator(mode="after")
    def _safe(self) -> WebSettings:
        if self.host not in LOOPBACK and not self.has_tls:
            raise ValueError(
                "a host other than 127.0.0.1 needs tls_certificate and tls_key, or behind_proxy = true"
            )
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        if self.signed_in_by is not None and not self.behind_proxy:
            raise ValueError("signed_in_by needs behind_proxy = true: anybody else could name an account")
        if self.has_tls and self.address is None:
            raise ValueError('name the address that people use: address = "https://desk.example.com"')
        return self
