"""The web server.

It listens to this machine alone, unless TLS or a proxy is configured. It writes log lines as JSON. When it
stops, requests in hand end first.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import uvicorn

from engine.basics.garbage_collection import spare_loaded_code
from engine.web.application import application
from engine.web.desk import Desk
from engine.web.protection import LOG

STOPS_WITHIN = 10
"""Seconds that requests have to end once the server is asked to stop."""
AT_ONCE = 200
"""Requests that are worked on at once; more are answered that the server is busy."""


def serve_pages(desk: Desk) -> None:
    """Serve the pages of a desk until stopped."""
    _log_to(sys.stderr)
    spare_loaded_code()
    uvicorn.Server(uvicorn.Config(application(desk), **options(desk))).run()


def options(desk: Desk) -> dict[str, Any]:
    """Return what the server is started with."""
    web = desk.settings
    root = desk.workspace.root
    chosen: dict[str, Any] = {
        "host": web.host,
        "port": web.port,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "date_header": True,
        "proxy_headers": web.behind_proxy,
        "forwarded_allow_ips": "127.0.0.1" if web.behind_proxy else None,
        "timeout_graceful_shutdown": STOPS_WITHIN,
        "timeout_keep_alive": 20,
        "limit_concurrency": AT_ONCE,
        "h11_max_incomplete_event_size": 64 * 1024,
    }
    if web.tls_certificate is not None and web.tls_key is not None:
        chosen |= {"ssl_certfile": str(root / web.tls_certificate), "ssl_keyfile": str(root / web.tls_key)}
    return chosen


def _log_to(stream: Any) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s"))
    LOG.handlers, LOG.propagate = [handler], False
    LOG.setLevel(logging.INFO)
