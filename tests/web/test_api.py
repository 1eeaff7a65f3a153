"""The interface for programs: tokens with scope and deal, the same answers as `--json`, and a description
that holds.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from starlette.testclient import TestClient

from engine.queries.history import explanation_of
from engine.web.access_tokens import end_token, make_token, tokens
from engine.web.rights import EVERY_DEAL, Grant
from tests.web.conftest import AT, BASE, DEAL, OTHER, Visitors
from tests.web.test_access import routes

PHASES = [Phase.explicit, Phase.generate]


def token_of(visitors: Visitors, who: str, deal: str = EVERY_DEAL, days: int = 30) -> str:
    person = visitors.desk.accounts.named(f"{who}@example.com")
    assert person is not None
    return make_token(visitors.desk.database, person, "a program", deal, days, AT)


def asked(visitors: Visitors, token: str, path: str) -> tuple[int, dict[str, object]]:
    found = TestClient(visitors.app, base_url=BASE).get(
        f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"}
    )
    body: dict[str, object] = found.json()
    return found.status_code, body


def test_a_token_reads_what_its_person_may_and_its_deal_leaves(visitors: Visitors) -> None:
    trustee = token_of(visitors, "trustee")
    status, body = asked(visitors, trustee, "/deals")
    assert (status, [one["deal"] for one in body["deals"]]) == (200, [DEAL])  # type: ignore[attr-defined]
    assert asked(visitors, trustee, f"/deals/{OTHER}")[0] == 404
    assert asked(visitors, token_of(visitors, "trustee", OTHER), f"/deals/{DEAL}")[0] == 404
    assert asked(visitors, token_of(visitors, "borrower"), f"/deals/{DEAL}/history")[0] == 404
    assert asked(visitors, token_of(visitors, "structurer"), "/deals")[0] == 404


def test_what_is_not_granted_and_what_is_not_there_are_one_answer(visitors: Visitors) -> None:
    token = token_of(visitors, "trustee")
    for path in ("", "/history", "/notices", "/reports", "/acts", "/results/ltv/2026-02-19"):
        assert asked(visitors, token, f"/deals/{OTHER}{path}") == asked(
            visitors, token, f"/deals/no-such-deal{path}"
        )


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer hr_wrong", "Basic aGk6aGk=", "Bearer " + "x" * 9000]
)
def test_without_a_token_that_holds_nothing_is_answered(visitors: Visitors, header: str) -> None:
    for route in routes(visitors.app):
        if route.need.by_token:
            path = route.path.replace("{deal}", DEAL).replace("{test}", "ltv").replace("{on}", "2026-02-19")
            found = visitors.client("servicer").get(path, headers={"Authorization": header} if header else {})
            assert (found.status_code, found.headers["www-authenticate"]) == (401, "Bearer"), path


def test_a_token_ends_on_its_day_by_hand_and_with_its_account(own_visitors: Visitors) -> None:
    token = token_of(own_visitors, "trustee", days=1)
    assert asked(own_visitors, token, "/deals")[0] == 200
    own_visitors.clock.at = AT + timedelta(days=1)
    assert asked(own_visitors, token, "/deals")[0] == 401
    own_visitors.clock.at = AT
    end_token(own_visitors.desk.database, tokens(own_visitors.desk.database)[0].key, AT)
    assert asked(own_visitors, token, "/deals")[0] == 401
    other = token_of(own_visitors, "agent")
    person = own_visitors.desk.accounts.named("agent@example.com")
    assert person is not None
    own_visitors.desk.accounts.withdraw(person.number, Grant(DEAL, "administrative_agent"))
    assert asked(own_visitors, other, "/deals")[0] == 404, "never more than the person may now"
    own_visitors.desk.accounts.end(person.number, AT)
    assert asked(own_visitors, other, "/deals")[0] == 401


def test_a_token_is_kept_as_a_hash_and_writes_nothing(own_visitors: Visitors) -> None:
    token = token_of(own_visitors, "servicer")
    kept = own_visitors.desk.database.rows("SELECT token FROM access_token")
    assert token not in [row["token"] for row in kept]
    client = TestClient(
        own_visitors.app, base_url=BASE, headers={"Authorization": f"Bearer {token}"}, follow_redirects=False
    )
    assert client.post("/api/v1/deals").status_code == 404
    assert client.post(f"/deals/{DEAL}/verify").status_code == 303, "a token is not a session"
    assert client.get(f"/deals/{DEAL}").status_code == 303


def test_the_answers_are_those_of_the_commands(visitors: Visitors) -> None:
    token = token_of(visitors, "trustee")
    status, body = asked(visitors, token, f"/deals/{DEAL}/results/ltv/2026-02-19")
    assert (status, body) == (
        200,
        explanation_of(visitors.desk.workspace, DEAL, "ltv", date(2026, 2, 19)).as_data(),
    )
    _, first = asked(visitors, token, f"/deals/{DEAL}/history")
    assert len(first["events"]) == first["size"]  # type: ignore[arg-type]
    assert first["next"] is None
    _, rest = asked(visitors, token, f"/deals/{DEAL}/history?after=59")
    assert [one["seq"] for one in rest["events"]] == list(range(60, first["size"]))  # type: ignore[attr-defined, call-overload]


def test_schemathesis_finds_nothing(visitors: Visitors) -> None:
    """Each operation with cases drawn from its own description: answers conform to it, and none is an error
    of ours.
    """
    token = token_of(visitors, "trustee")
    described = visitors.client().get("/api/v1/openapi.json").json()
    assert len(described["paths"]) == 7
    schema = schemathesis.openapi.from_dict(described)
    client = TestClient(
        visitors.app,
        base_url=BASE,
        headers={"Authorization": f"Bearer {token}"},
        raise_server_exceptions=False,
    )
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=12,
            phases=PHASES,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        )
        def check(case: schemathesis.Case) -> None:
            path = case.formatted_path
            found = client.get(path, params=case.query or None)
            assert found.status_code in (200, 404, 422), (
                path,
                case.query,
                found.status_code,
                found.text[:200],
            )
            assert found.headers["content-type"] == "application/json"
            if found.status_code != 200:
                assert set(found.json()) == {"error"}

        given(case=operation.as_strategy())(check)()
