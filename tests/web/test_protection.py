"""What stands around every request: names of hosts, sizes, headers, the log; and pages that hold what people
wrote.
"""

from __future__ import annotations

import json
import logging
import re

import pytest
from pydantic import ValidationError

from engine.operations.older_record import Doubt
from engine.record.checkpoint import Checkpoint, sign
from engine.record.log import deal_log
from engine.web.guarded_route import GuardedRoute
from engine.web.protection import LOG
from engine.web.rendering import DOUBTS
from engine.web.rights import Right
from engine.workspace.checkpoints import origin, own_key, witness, write_witness
from engine.workspace.web_settings import WebSettings
from tests.web.conftest import DEAL, OTHER, Visitors
from tests.web.test_access import address, routes
from tests.web.test_api import asked, token_of


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:8321.evil.example", "127.0.0.1:99", ""])
def test_a_name_that_is_not_ours_is_refused(visitors: Visitors, host: str) -> None:
    found = visitors.client("servicer").get("/", headers={"Host": host})
    assert (found.status_code, DEAL in found.text) == (421, False)


def test_every_page_has_the_strict_policy_and_nothing_that_breaks_it(visitors: Visitors) -> None:
    """No script, no style in an attribute, nothing from elsewhere; what is signed in for is kept by no cache."""
    for route in routes(visitors.app):
        if "GET" not in (route.methods or ()):
            continue
        found = visitors.client(None if route.need.right is Right.PUBLIC else "servicer").get(
            address(route, DEAL)
        )
        policy = found.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert found.headers["x-content-type-options"] == "nosniff"
        if not route.path.startswith("/static"):
            assert found.headers["cache-control"] == "no-store", route.path
        if "text/html" in found.headers.get("content-type", ""):
            assert not re.search(r"<script|\sstyle=|\son\w+=|javascript:", found.text), route.path
            assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", found.text), route.path


def test_a_download_is_an_attachment(visitors: Visitors) -> None:
    client = visitors.client("servicer")
    for path in (
        f"/deals/{DEAL}/notices/1.pdf",
        f"/deals/{DEAL}/history.csv",
        f"/deals/{DEAL}/calendar.ics",
        "/deals.csv",
    ):
        assert client.get(path).headers["content-disposition"].startswith("attachment; "), path


def test_a_form_longer_than_its_kind_is_not_read(visitors: Visitors) -> None:
    found = visitors.client().post("/sign-in", data={"login": "a@b.example", "password": "x" * 300_000})
    assert found.status_code == 413
    unsized = visitors.client().post("/sign-in", content=(b"x" for _ in range(3)))
    assert unsized.status_code == 413


def test_what_was_typed_comes_back_inert(visitors: Visitors) -> None:
    asked = '"><script>alert(1)</script>\u202egnp'
    text = visitors.client("servicer").get(f"/deals/{DEAL}/history", params={"q": asked}).text
    assert "<script>" not in text
    assert "\u202e" not in text


def test_a_bad_date_is_a_sentence(visitors: Visitors) -> None:
    found = visitors.client("servicer").get(f"/deals/{DEAL}/history?known=yesterday")
    assert (found.status_code, "`yesterday` is not a date; write it like 2026-04-09" in found.text) == (
        422,
        True,
    )


def test_the_log_is_json_with_the_deal_and_without_secrets(
    visitors: Visitors, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, LOG.name):
        visitors.client("servicer").get(f"/deals/{DEAL}/history?q=secret")
        visitors.client().get("/invitation/secret-token")
    lines = [json.loads(record.message) for record in caplog.records if record.name == LOG.name]
    assert [(line["path"], line["deal"], line["status"]) for line in lines] == [
        (f"/deals/{DEAL}/history", DEAL, 200),
        ("/invitation/...", None, 404),
    ]
    assert "secret" not in caplog.text


def test_too_many_requests_from_one_address_wait(own_visitors: Visitors) -> None:
    own_visitors.desk.attempts.allowed = lambda *_: False  # type: ignore[method-assign]
    found = own_visitors.client("servicer").get("/")
    assert (found.status_code, found.headers["retry-after"]) == (429, "60")


@pytest.mark.parametrize(
    "said",
    [
        {"host": "0.0.0.0"},
        {"tls_certificate": "a.pem"},
        {"signed_in_by": "X-Remote-User"},
        {"behind_proxy": True},
        {"address": "desk.example.com"},
    ],
)
def test_settings_that_would_open_the_desk_are_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        WebSettings.model_validate(said)


def test_health_says_whether_the_desk_is_up(own_visitors: Visitors) -> None:
    client = own_visitors.client()
    assert client.get("/healthz").json()["status"] == "up"
    own_visitors.desk.stopping.set()
    assert client.get("/healthz").status_code == 503


def test_every_static_file_that_a_page_names_is_there(visitors: Visitors) -> None:
    client = visitors.client()
    style = client.get("/static/style.css").text
    named = {*re.findall(r'url\("([^"]+)"\)', style), "/static/icon.svg", "/static/illustrative.svg"}
    assert len(named) == 7
    for path in named:
        found = client.get(path)
        assert found.status_code == 200, path
        again = client.get(path, headers={"If-None-Match": found.headers["etag"]})
        assert again.status_code == 304
    assert client.get("/static/../engine/web/desk.py").status_code == 404
    assert isinstance(next(iter(routes(visitors.app))), GuardedRoute)


ODD = ("²", "٣", "-1", "1e3", "0x1", "9" * 30, "1;--", "%00", "..%2f..", "'")
"""What an attacker puts where a number or a date belongs: digits of other scripts, signs, other notations,
too many, statements.
"""


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_part_of_an_address_is_not_there_and_an_odd_question_is_a_page(
    visitors: Visitors, odd: str
) -> None:
    """Nothing of it is an error of the server's, and nothing of it finds something."""
    client = visitors.client("servicer")
    for path in (
        "notices/{}",
        "notices/{}.pdf",
        "reports/{}",
        "waiting/{}",
        "waiting/{}/document",
        "results/ltv/{}",
        "results/{}/2026-02-19",
    ):
        assert client.get(f"/deals/{DEAL}/{path.format(odd)}").status_code in (404, 422), path
    for path in (
        "/deals?page={}",
        "/deals?on={}",
        "/deals.pdf?on={}",
        "/deals.csv?on={}",
        f"/deals/{DEAL}/history?before={{}}",
    ):
        assert client.get(path.format(odd)).status_code in (200, 422), path
    for path in (
        f"/deals/{DEAL}/history?known={{}}",
        f"/deals/{DEAL}/notices?from={{}}&to={{}}",
        f"/deals/{DEAL}/compare?first={{}}",
    ):
        assert client.get(path.replace("{}", odd)).status_code in (200, 422), path


@pytest.mark.parametrize("odd", ["²", "٣", "9" * 400])
def test_an_odd_number_in_a_form_is_a_sentence(own_visitors: Visitors, odd: str) -> None:
    data = {"csrf": own_visitors.csrf("trustee"), "label": "x", "deal": DEAL, "days": odd}
    found = own_visitors.client("trustee").post("/account/tokens", data=data)
    assert (found.status_code, "lives 1 to 366 days" in found.text) == (422, True)


def test_every_page_over_an_older_record_says_so_and_names_no_deal(own_visitors: Visitors) -> None:
    """A copy from before the newest checkpoint: another deal's name would be told to who may not see it."""
    workspace = own_visitors.desk.workspace
    key = own_key(workspace)
    assert key is not None
    with workspace.store.read() as reader:
        head = reader.head_of(deal_log(OTHER))
    client, name = own_visitors.client("servicer"), origin(workspace, head.log)
    token, older = token_of(own_visitors, "trustee"), DOUBTS[Doubt.OLDER]
    assert older not in client.get(f"/deals/{DEAL}").text
    assert "older_record" not in asked(own_visitors, token, f"/deals/{DEAL}")[1]
    write_witness(workspace, head.log, sign(Checkpoint(name, head.size + 1, bytes(32)), key))
    assert older not in client.get(f"/deals/{DEAL}").text  # the answer of a moment ago holds
    own_visitors.desk.__post_init__()
    for path in ("/week", "/deals", f"/deals/{DEAL}", f"/deals/{DEAL}/history"):
        found = client.get(path).text
        assert found.count(older) == 1, path
        assert OTHER not in found, path
    assert asked(own_visitors, token, f"/deals/{DEAL}")[1]["older_record"] == older


def test_every_page_over_a_record_that_was_not_compared_says_so(own_visitors: Visitors) -> None:
    client, token = own_visitors.client("servicer"), token_of(own_visitors, "trustee")
    kept = witness(own_visitors.desk.workspace, deal_log(OTHER))
    kept.unlink()
    kept.mkdir()
    own_visitors.desk.__post_init__()
    for path in ("/week", f"/deals/{DEAL}"):
        found = client.get(path).text
        assert found.count(DOUBTS[Doubt.NOT_COMPARED]) == 1, path
        assert DOUBTS[Doubt.OLDER] not in found, path
    answer = asked(own_visitors, token, f"/deals/{DEAL}")[1]
    assert (answer["record_not_compared"], answer.get("older_record")) == (DOUBTS[Doubt.NOT_COMPARED], None)
