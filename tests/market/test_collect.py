"""Collection against a real server on loopback that fails, stalls, truncates, answers garbage and sends a
bomb.
"""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from engine.basics.errors import WrongUsage
from engine.cli.show.collect import collect_now
from engine.market import collect as module
from engine.market.collect import CollectionFailed, Query, collect
from engine.market.index import compute, definition
from engine.market.methodology import load_methodology
from engine.market.snapshot import read_snapshot
from engine.operations.snapshots import CollectionHeld, import_snapshots
from engine.record.log import Scribe
from engine.workspace.workspace import create, opened
from tests.market.make import offer

AT = datetime(2026, 3, 4, 15, tzinfo=UTC)
RIGHT = {"document": "Licence", "date": "2026-01-01", "holder": "Agent"}


def ask(server: HTTPServer, limit: int = 64, timeout: float = 5.0) -> bytes:
    return collect(
        Query(server.url_for(""), ("H100 SXM",), limit, timeout, pause=0.001), AT, RIGHT, lambda _: None
    )


def answer(offers: list[Any]) -> Response:
    return Response(json.dumps({"offers": offers}), content_type="application/json")


def test_an_answer_becomes_a_snapshot_with_its_right(httpserver: HTTPServer) -> None:
    httpserver.expect_request(module.SEARCH).respond_with_handler(lambda _: answer([offer()]))
    data = ask(httpserver)
    snapshot = read_snapshot(data, "s.json")
    assert (snapshot.collected_at, snapshot.limit) == (AT, 64)
    assert json.loads(data)["collection_right"] == RIGHT


def test_every_answer_is_kept_byte_for_byte_and_named_by_its_hash(httpserver: HTTPServer) -> None:
    body = b'{ "offers" : [' + json.dumps(offer()).encode() + b" ]}\r\n"
    httpserver.expect_request(module.SEARCH).respond_with_data(body, content_type="application/json")
    answers: list[bytes] = []
    query = Query(httpserver.url_for(""), ("H100 SXM",), 64, 5.0, pause=0.001)
    snapshot = json.loads(collect(query, AT, RIGHT, lambda _: None, answers))
    assert answers == [body, body]  # from both ends of the price list
    assert snapshot["answers_sha256"] == [sha256(body).hexdigest()] * 2


def test_a_cut_list_is_asked_for_again_with_a_higher_limit(httpserver: HTTPServer) -> None:
    asked = []

    def handler(request: Request) -> Response:
        limit = json.loads(request.args["q"])["limit"]
        asked.append(limit)
        return answer([offer()] * min(limit, 100))

    httpserver.expect_request(module.SEARCH).respond_with_handler(handler)
    data = ask(httpserver)
    assert asked == [64, 256, 256]  # the last one from the other end
    assert len(json.loads(data)["offers_by_model"]["H100 SXM"]) == 100
    assert json.loads(data)["limit"] == 256


def marketplace(offers: list[Any], most: int, *, ordered: bool = True, priced: bool = True) -> Any:
    """A server that gives at most `most` offers, whatever it is asked for."""

    def handler(request: Request) -> Response:
        asked = json.loads(request.args["q"])
        found = [
            one
            for one in offers
            if not priced or one["dph_total"] >= asked.get("dph_total", {}).get("gte", 0)
        ]
        if ordered:
            found = sorted(
                found, key=lambda one: (one["dph_total"], one["id"]), reverse=asked["order"][0][1] == "desc"
            )
        return answer(found[: min(asked["limit"], most)])

    return handler


def three_hundred() -> list[dict[str, Any]]:
    return [offer(id=n, dph_total=1 + (7 * n % 300) / 40, host_id=n % 9) for n in range(300)]


@pytest.mark.parametrize("most", [1000, 300, 200, 64, 40])
def test_a_server_that_cuts_lists_is_asked_on_until_its_answers_meet(
    httpserver: HTTPServer, most: int
) -> None:
    """It gives 64 of 300 where 1,000 are asked for: a list shorter than the limit is not proof."""
    httpserver.expect_request(module.SEARCH).respond_with_handler(marketplace(three_hundred(), most))
    found = json.loads(ask(httpserver, limit=1000))
    assert sorted(one["id"] for one in found["offers_by_model"]["H100 SXM"]) == list(range(300))
    assert found["whole"] == ["H100 SXM"]


def test_prices_that_many_offers_share_are_followed_through(httpserver: HTTPServer) -> None:
    offers = [offer(id=n, dph_total=2.0 if n < 50 else 3.0 + n / 100) for n in range(180)]
    httpserver.expect_request(module.SEARCH).respond_with_handler(marketplace(offers, 64))
    found = json.loads(ask(httpserver, limit=1000))
    assert (len(found["offers_by_model"]["H100 SXM"]), found["whole"]) == (180, ["H100 SXM"])


@pytest.mark.parametrize(
    ("ordered", "priced", "same"), [(False, True, False), (True, False, False), (True, True, True)]
)
def test_a_list_that_cannot_be_shown_whole_is_not_said_to_be(
    httpserver: HTTPServer, ordered: bool, priced: bool, same: bool
) -> None:
    """The order or the price asked for is ignored, or more offers have one price than an answer holds."""
    offers = [{**one, "dph_total": 2.0} for one in three_hundred()] if same else three_hundred()
    httpserver.expect_request(module.SEARCH).respond_with_handler(
        marketplace(offers, 64, ordered=ordered, priced=priced)
    )
    data = ask(httpserver, limit=1000)
    assert json.loads(data)["whole"] == []
    day = compute(
        definition("CRI-H100"), load_methodology("1.1.1"), [read_snapshot(data, "s.json")], AT.date()
    ).days[-1]
    assert "did not meet" in str(day.doubt)


@pytest.mark.parametrize("count", [0, 1, 2, 63])
def test_a_short_list_from_both_ends_is_whole(httpserver: HTTPServer, count: int) -> None:
    httpserver.expect_request(module.SEARCH).respond_with_handler(marketplace(three_hundred()[:count], 1000))
    assert json.loads(ask(httpserver))["whole"] == ["H100 SXM"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failing_server_is_asked_again(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_ordered_request(module.SEARCH).respond_with_data("no", status=status)
    for _ in range(2):
        httpserver.expect_ordered_request(module.SEARCH).respond_with_handler(lambda _: answer([offer()]))
    assert read_snapshot(ask(httpserver), "s.json").form == "offers"


def test_a_server_that_always_fails_ends_with_the_reason(httpserver: HTTPServer) -> None:
    httpserver.expect_request(module.SEARCH).respond_with_data("no", status=502)
    with pytest.raises(CollectionFailed, match=r"after 4 attempts: the server answered 502"):
        ask(httpserver)


def test_a_refusal_is_not_asked_again(httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request(module.SEARCH).respond_with_data("no", status=403)
    with pytest.raises(CollectionFailed, match="answered 403"):
        ask(httpserver)
    assert len(httpserver.log) == 1


def test_a_stalling_server_is_given_up(httpserver: HTTPServer) -> None:
    def stall(_: Request) -> Response:
        time.sleep(0.4)
        return answer([])

    httpserver.expect_request(module.SEARCH).respond_with_handler(stall)
    with pytest.raises(CollectionFailed, match="no answer within"):
        ask(httpserver, timeout=0.05)


@pytest.mark.parametrize("body", ["<html>", '{"offers": [', '{"offers": [NaN]}'])
def test_garbage_is_asked_again_and_then_refused(httpserver: HTTPServer, body: str) -> None:
    httpserver.expect_request(module.SEARCH).respond_with_data(body)
    with pytest.raises(CollectionFailed, match="not JSON"):
        ask(httpserver)


@pytest.mark.parametrize("body", ["[]", '{"results": []}', '{"offers": {}}'])
def test_an_answer_of_another_shape_is_refused(httpserver: HTTPServer, body: str) -> None:
    httpserver.expect_request(module.SEARCH).respond_with_data(body)
    with pytest.raises(CollectionFailed, match="no list of offers"):
        ask(httpserver)


def test_a_compressed_bomb_is_cut_off(httpserver: HTTPServer) -> None:
    bomb = gzip.compress(b" " * (module.LARGEST + 1024))
    assert len(bomb) < 100_000
    httpserver.expect_request(module.SEARCH).respond_with_data(bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(CollectionFailed, match="larger than"):
        ask(httpserver)


def test_a_compressed_answer_that_is_cut_is_refused(httpserver: HTTPServer) -> None:
    cut = gzip.compress(json.dumps({"offers": []}).encode())[:-6]
    httpserver.expect_request(module.SEARCH).respond_with_data(cut, headers={"Content-Encoding": "gzip"})
    with pytest.raises(CollectionFailed, match="cut off"):
        ask(httpserver)


def test_nothing_is_collected_without_a_stated_right(tmp_path: Path) -> None:
    create(tmp_path)
    with pytest.raises(WrongUsage, match="administrator's published series"):
        collect_now(opened(tmp_path), lambda: Scribe("t", "t", AT), as_json=False)


def test_a_change_of_form_is_not_recorded_and_its_answer_is_kept(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    now = [three_hundred()[:20]]
    httpserver.expect_request(module.SEARCH).respond_with_handler(
        lambda _: answer(sorted(now[0], key=lambda one: one["dph_total"]))
    )
    create(tmp_path)
    right = '[collection_right]\ndocument = "Licence"\ndate = "2026-01-01"\nholder = "Agent"\n'
    asked = 'models = ["H100 SXM"]\n'
    (tmp_path / "headroom.toml").write_text(
        f'[collect]\nbase_url = "{httpserver.url_for("")}"\n{asked}{right}', encoding="utf-8"
    )
    workspace = opened(tmp_path)
    collect_now(workspace, lambda: Scribe("t", "t", AT), as_json=False)
    now[0] = [{**one, "dph_total": one["dph_total"] * 100} for one in now[0]]
    later = AT + timedelta(hours=3)
    with pytest.raises(CollectionHeld, match="prices-in-cents") as held:
        collect_now(workspace, lambda: Scribe("t", "t", later), as_json=False)
    assert held.value.exit_code == 1
    assert len(workspace.store.entries("snapshots")) == 1
    kept = tmp_path / "held" / f"{later:%Y%m%dT%H%M%SZ}.json"
    assert import_snapshots(workspace, [kept], Scribe("t", "t", later), progress=lambda _: None).added == []
    taken = import_snapshots(workspace, [kept], Scribe("t", "t", later), ["prices-in-cents"], lambda _: None)
    assert [one.collected_at for one in taken.added] == [later]
    assert b"prices-in-cents" in workspace.store.entries("snapshots")[1].body
    workspace.store.close()


def test_the_right_is_logged_with_the_snapshot(
    tmp_path: Path, httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    httpserver.expect_request(module.SEARCH).respond_with_handler(lambda _: answer([offer()]))
    create(tmp_path)
    right = '[collection_right]\ndocument = "Licence"\ndate = "2026-01-01"\nholder = "Agent"\n'
    settings = f'[collect]\nbase_url = "{httpserver.url_for("")}"\n{right}'
    (tmp_path / "headroom.toml").write_text(settings, encoding="utf-8")
    workspace = opened(tmp_path)
    collect_now(workspace, lambda: Scribe("t", "t", AT), as_json=False)
    assert "under Licence of 2026-01-01, held by Agent" in capsys.readouterr().out
    assert b"Licence" in workspace.store.entries("snapshots")[0].body
    workspace.store.close()
