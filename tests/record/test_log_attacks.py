"""Attacks on a log by somebody with the database file in his hands, each caught by its named defence.

The attacker drops the triggers, changes what he likes, redoes every hash he needs to, and puts the triggers
back. In the last ones he is the operator himself and has the key.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.events.draft import Draft
from engine.record import guards
from engine.record.canonical import canonical
from engine.record.checkpoint import Checkpoint, cosign, origin_of, sign
from engine.record.consistency import Defence, Finding, audit, event_key
from engine.record.keys import SigningKey, generate_key
from engine.record.merkle import CompactRange, leaf_hash
from engine.record.store import Entry, Store

LOG, OTHER = "deal/meridian-2026-1", "deal/zephyr-2026-2"
ENTRIES = 6


def event(number: int, ratio: str) -> bytes:
    """The body of one of our events."""
    day = f"2026-01-{number + 8:02d}"
    return canonical(
        {"kind": "tested", "subject": "ltv", "effective_on": day, "print": 1, "payload": {"ratio": ratio}}
    )


@dataclass
class Scene:
    """A record with two logs, the operator's key, and the checkpoints that a trustee keeps elsewhere."""

    path: Path
    operator: SigningKey
    trustee: SigningKey
    held: list[str] = field(default_factory=list)

    def grow(self, log: str, count: int, ratio: str = "0.61") -> None:
        """Record `count` events, sign a checkpoint, and let the trustee cosign the main log's."""
        store = Store.open(self.path)
        with store.begin() as writer:
            start = writer.size(log)
            for number in range(start, start + count):
                body = event(number, ratio)
                writer.append(log, event_key(body), body)
            writer.save_checkpoint(log, *self.signed(log, writer.head(log)))
        store.close()

    def signed(self, log: str, head: tuple[int, bytes], key: SigningKey | None = None) -> tuple[int, str]:
        """A checkpoint over a head."""
        return head[0], sign(
            Checkpoint(origin_of("agent.example/headroom", log), *head), key or self.operator
        )

    def hold(self) -> None:
        """The trustee cosigns the newest checkpoint and keeps it."""
        store = Store.open(self.path)
        note = store.checkpoints(LOG)[-1][1]
        self.held.append(
            cosign(note, [self.operator.verifier], self.trustee, datetime(2026, 1, 20, tzinfo=UTC))
        )
        store.close()

    def findings(self, *, stored: bool = True, held: bool = True) -> tuple[Finding, ...]:
        """What an audit of the main log finds, with the checkpoints that are at hand."""
        store = Store.open(self.path)
        notes = [note for _, note in store.checkpoints(LOG)] if stored else []
        keys = [self.operator.verifier, self.trustee.verifier]
        origin = origin_of("agent.example/headroom", LOG)
        found = audit(store.entries(LOG), origin, keys, notes, self.held if held else ())
        store.close()
        return found

    def tamper(self, *statements: str) -> None:
        """Run statements with the triggers off."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            for name in guards.SQLITE:
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(statement)
            for name in guards.SQLITE:
                connection.execute(guards.sqlite_trigger(name))

    def bodies(self) -> list[bytes]:
        """The bodies of the main log."""
        store = Store.open(self.path)
        found = [entry.body for entry in store.entries(LOG)]
        store.close()
        return found

    def rewrite(self, bodies: list[bytes], key: SigningKey | None = None) -> None:
        """Put other entries in the main log, all hashes right; with a key, sign its checkpoints anew as well."""
        tree, rows = CompactRange(), []
        for seq, body in enumerate(bodies):
            leaf = leaf_hash(body)
            peak = tree.append(leaf)
            values = (
                LOG,
                str(seq),
                event_key(body),
                body.decode(),
                leaf.hex(),
                tree.root().hex(),
                peak.hex(),
            )
            rows.append(
                "INSERT INTO log_entry VALUES ({})".format(", ".join(f"'{value}'" for value in values))
            )
        notes = [] if key is None else [self._resigned((tree.size, tree.root()), key)]
        forget = [] if key is None else [f"DELETE FROM checkpoint WHERE log = '{LOG}'"]
        self.tamper(f"DELETE FROM log_entry WHERE log = '{LOG}'", *rows, *forget, *notes)

    def _resigned(self, head: tuple[int, bytes], key: SigningKey) -> str:
        size, note = self.signed(LOG, head, key)
        return f"INSERT INTO checkpoint VALUES ('{LOG}', 0, {size}, '{note}')"


@pytest.fixture
def scene(tmp_path: Path, operator: SigningKey, trustee: SigningKey) -> Scene:
    made = Scene(tmp_path / "record.db", operator, trustee)
    made.grow(OTHER, ENTRIES, "0.55")
    made.grow(LOG, ENTRIES - 2)
    shutil.copy(made.path, tmp_path / "old.db")
    made.grow(LOG, 2)
    made.hold()
    return made


def edit_body(scene: Scene) -> None:
    scene.tamper(f"UPDATE log_entry SET body = replace(body, '0.61', '0.59') WHERE log = '{LOG}' AND seq = 2")


def edit_body_and_leaf(scene: Scene) -> None:
    other = event(2, "0.59")
    scene.tamper(
        f"UPDATE log_entry SET body = '{other.decode()}', leaf = '{leaf_hash(other).hex()}' WHERE log = "
        f"'{LOG}' AND seq = 2"
    )


def edit_key(scene: Scene) -> None:
    scene.tamper(f"UPDATE log_entry SET key = 'tested|ltv|2026-01-10|2' WHERE log = '{LOG}' AND seq = 2")


def delete_from_the_middle(scene: Scene) -> None:
    scene.tamper(f"DELETE FROM log_entry WHERE log = '{LOG}' AND seq = 2")


def edit_and_rehash(scene: Scene) -> None:
    bodies = scene.bodies()
    scene.rewrite([*bodies[:2], event(2, "0.59"), *bodies[3:]])


def delete_the_last(scene: Scene) -> None:
    scene.tamper(f"DELETE FROM log_entry WHERE log = '{LOG}' AND seq = {ENTRIES - 1}")


def delete_and_renumber(scene: Scene) -> None:
    bodies = scene.bodies()
    scene.rewrite([*bodies[:2], *bodies[3:], event(ENTRIES, "0.61")])


def insert_and_renumber(scene: Scene) -> None:
    scene.rewrite([event(-2, "0.59"), *scene.bodies()])


def reorder(scene: Scene) -> None:
    first, second, *rest = scene.bodies()
    scene.rewrite([second, first, *rest])


def put_a_shorter_log_in_its_place(scene: Scene) -> None:
    scene.rewrite([event(0, "0.59"), event(1, "0.59")])


def swap_the_logs_of_two_deals(scene: Scene) -> None:
    scene.tamper(
        *(
            f"UPDATE {table} SET log = CASE log WHEN '{LOG}' THEN 'x' ELSE '{LOG}' END WHERE log IN "
            f"('{LOG}', '{OTHER}')"
            for table in ("log_entry", "checkpoint")
        )
    )


def forge_a_checkpoint_with_another_key(scene: Scene) -> None:
    scene.rewrite(
        [event(number, "0.59") for number in range(ENTRIES)], generate_key("agent.example/headroom")
    )


def edit_a_stored_checkpoint(scene: Scene) -> None:
    scene.tamper(
        f"UPDATE checkpoint SET note = replace(note, char(10) || '{ENTRIES}' || char(10), char(10) || '7' "
        "|| char(10))"
    )


def put_back_an_old_file(scene: Scene) -> None:
    shutil.copy(scene.path.with_name("old.db"), scene.path)


def rewrite_and_forget_the_checkpoints(scene: Scene) -> None:
    scene.rewrite([event(number, "0.59") for number in range(ENTRIES)])
    scene.tamper("DELETE FROM checkpoint")


def rewrite_and_sign_anew(scene: Scene) -> None:
    scene.rewrite([event(number, "0.59") for number in range(ENTRIES)], scene.operator)


def fork_after_a_checkpoint(scene: Scene) -> None:
    scene.rewrite(
        [*scene.bodies()[: ENTRIES - 2], event(8, "0.59"), event(9, "0.59"), event(10, "0.59")],
        scene.operator,
    )


ATTACKS: dict[Callable[[Scene], None], Defence] = {
    edit_body: Defence.LEAF,
    edit_body_and_leaf: Defence.LINK,
    edit_key: Defence.KEY,
    delete_from_the_middle: Defence.NUMBER,
    edit_and_rehash: Defence.STORED,
    delete_the_last: Defence.STORED,
    delete_and_renumber: Defence.STORED,
    insert_and_renumber: Defence.STORED,
    reorder: Defence.STORED,
    put_a_shorter_log_in_its_place: Defence.STORED,
    swap_the_logs_of_two_deals: Defence.ORIGIN,
    forge_a_checkpoint_with_another_key: Defence.SIGNATURE,
    edit_a_stored_checkpoint: Defence.SIGNATURE,
    put_back_an_old_file: Defence.HELD,
    rewrite_and_forget_the_checkpoints: Defence.HELD,
    rewrite_and_sign_anew: Defence.HELD,
    fork_after_a_checkpoint: Defence.HELD,
}
"""Each attack and the first defence that catches it, in the order of `Defence`."""

IN_THE_ROWS = {Defence.NUMBER, Defence.KEY, Defence.LEAF, Defence.LINK}


EACH = [pytest.param(attack, defence, id=attack.__name__) for attack, defence in ATTACKS.items()]
THROUGH_SQL = [
    pytest.param(attack, id=attack.__name__) for attack in ATTACKS if attack is not put_back_an_old_file
]
"""A whole file that is put back passes no trigger; only a checkpoint that is held elsewhere shows it."""


def test_a_log_that_nobody_touched_has_no_findings(scene: Scene) -> None:
    assert scene.findings() == ()
    scene.grow(LOG, 1)
    assert scene.findings() == ()


@pytest.mark.parametrize(("attack", "defence"), EACH)
def test_the_named_defence_catches(attack: Callable[[Scene], None], defence: Defence, scene: Scene) -> None:
    attack(scene)
    assert defence in {finding.defence for finding in scene.findings()}


@pytest.mark.parametrize(("attack", "defence"), EACH)
def test_no_earlier_defence_would_have(
    attack: Callable[[Scene], None], defence: Defence, scene: Scene
) -> None:
    """So each defence is needed: without it the attacks named for it would pass."""
    attack(scene)
    if defence is Defence.HELD:
        assert scene.findings(held=False) == ()
    elif defence not in IN_THE_ROWS:
        assert scene.findings(stored=False, held=False) == ()


@pytest.mark.parametrize("attack", THROUGH_SQL)
def test_the_database_itself_refuses_while_its_triggers_stand(
    attack: Callable[[Scene], None], scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def through_the_triggers(_: Scene, *statements: str) -> None:
        with closing(sqlite3.connect(scene.path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    monkeypatch.setattr(Scene, "tamper", through_the_triggers)
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|never changed|never deleted"):
        attack(scene)
    assert scene.findings() == ()


def test_at_least_thirteen_attacks() -> None:
    assert len(ATTACKS) >= 13


def test_a_body_stands_for_the_key_that_its_draft_had() -> None:
    draft = Draft(kind="tested", subject="ltv", effective_on=date(2026, 1, 8), payload=None, print=2)
    body = canonical(
        {"kind": draft.kind, "subject": draft.subject, "effective_on": "2026-01-08", "print": draft.print}
    )
    assert event_key(body) == draft.key


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_event_is_a_finding(body: bytes) -> None:
    leaf = leaf_hash(body)
    findings = audit([Entry(LOG, 0, "key", body, leaf, leaf)], "origin", [])
    assert [finding.defence for finding in findings] == [Defence.KEY]
