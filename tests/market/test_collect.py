"""Collection against a real server on loopback that fails, stalls, truncates, answers garbage and sends a bomb."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from engine.basics.errors import WrongUsage
from engine.cli.show.collect import collect_now
from engine.market import collect as module
from engine.market.collect import CollectionFailed, Query, collect
from engine.market.snapshot import read_snapshot
from engine.record.log import Scribe
from engine.workspace.workspace import create, opened
from tests.market.make import offer

AT = datetime(2026, 3, 4, 15, tzinfo=UTC)
RIGHT = {"document": "Licence", "date": "2026-01-01", "holder": "Agent"}


def ask(server: HTTPServer, limit: int = 64, timeout: float = 5.0) -> bytes:
    return collect(Query(server.url_for(""), ("H100 SXM",), limit, timeout, pause=0.001), AT, RIGHT, lambda _: None)


def answer(offers: list[Any]) -> Response:
    return Response(json.dumps({"offers": offers}), content_type="application/json")


def test_an_answer_becomes_a_snapshot_with_its_right(httpserver: HTTPServer) -> None:
    httpserver.expect_request(module.SEARCH).respond_with_handler(lambda _: answer([offer()]))
    data = ask(httpserver)
    snapshot = read_snapshot(data, "s.json")
    assert (snapshot.collected_at, snapshot.limit) == (AT, 64)
    assert json.loads(data)["collection_right"] == RIGHT


def test_a_cut_list_is_asked_for_again_with_a_higher_limit(httpserver: HTTPServer) -> None:
    asked = []

    def handler(request: Request) -> Response:
        limit = json.loads(request.args["q"])["limit"]
        asked.append(limit)
        return answer([offer()] * min(limit, 100))

    httpserver.expect_request(module.SEARCH).respond_with_handler(handler)
    data = ask(httpserver)
    assert asked == [64, 256]
    assert len(json.loads(data)["offers_by_model"]["H100 SXM"]) == 100
    assert json.loads(data)["limit"] == 256


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failing_server_is_asked_again(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_ordered_request(module.SEARCH).respond_with_data("no", status=status)
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


def test_the_right_is_logged_with_the_snapshot(tmp_path: Path, httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]) -> None:
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
