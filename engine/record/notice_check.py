"""Whether a notice is what it says: offline, from the file and the verifier's own policy alone (`record.md`).

Every step has a name; the first difference ends it. Keys and certificates come from the policy, never from the file.
"""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.determination.result import TestResult, Verdict
from engine.determination.template import Template
from engine.errors import InputProblems, Place, Problem, VerificationFailed
from engine.market.index import median
from engine.record.canonical import canonical, sha256_hex
from engine.record.event import KINDS, Tested
from engine.record.evidence import manifest_hashes, read_of_date
from engine.record.keys import BadKey, VerifierKey, parse_verifier
from engine.record.merkle import leaf_hash, verify_inclusion
from engine.record.notice_text import shown_as_recorded
from engine.record.pdf import NoticeFile, read_notice
from engine.record.proof import parse_proof, verify_proof
from engine.record.recompute import recomputed
from engine.record.signature import check_seal
from engine.terms.deal import TermsInForce
from engine.terms.in_force import load_deal, resolve
from engine.values import Fact, rounded

NEEDED = ("event.json", "date.jsonl", "deal.yaml", "observations.csv", "manifest.json")


class Policy(Fact):
    """What a verifier trusts: keys of logs and of trustees, how many trustees must have signed, certificates of notices."""

    log_keys: tuple[str, ...] = ()
    cosigner_keys: tuple[str, ...] = ()
    cosignatures_needed: int = 0
    notice_certificates: tuple[str, ...] = ()
    signature_needed: bool = True


def read_policy(path: Path) -> Policy:
    """The policy in a TOML file. Raises InputProblems."""
    try:
        return Policy.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        fix = "write log_keys, cosigner_keys, cosignatures_needed, notice_certificates, signature_needed"
        raise InputProblems([Problem("S103", "the policy cannot be read", str(error).splitlines()[0], fix, Place(str(path)))]) from error


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the verification: its name, what it found, and the first difference where there is one."""

    name: str
    found: str = ""
    difference: str | None = None


@dataclass
class _Notice:
    """A notice on its way through the steps."""

    data: bytes
    policy: Policy
    templates: Mapping[str, Template]
    file: NoticeFile | None = None
    event: dict[str, Any] = field(default_factory=dict)
    of_date: list[dict[str, Any]] = field(default_factory=list)
    terms: TermsInForce | None = None

    @property
    def attached(self) -> dict[str, bytes]:
        return self.file.attachments if self.file else {}

    @property
    def tested(self) -> list[Tested]:
        """The results of the notice's date with the states that they led to, as the log holds them."""
        found = (KINDS[one["kind"]].model_validate(one["payload"]) for one in self.of_date)
        return [payload for payload in found if isinstance(payload, Tested)]

    @property
    def results(self) -> list[TestResult]:
        """The results of the notice's date."""
        return [one.result for one in self.tested]


def verify_notice(data: bytes, policy: Policy, templates: Mapping[str, Template]) -> Iterator[Step]:
    """Every step in turn, up to the first that fails."""
    notice = _Notice(data, policy, templates)
    for name, check in STEPS:
        try:
            yield Step(name, check(notice))
        except (VerificationFailed, BadKey) as failed:
            yield Step(name, difference=str(failed))
            return
        except (ValueError, KeyError, TypeError, UnicodeDecodeError, RecursionError) as error:
            yield Step(name, difference=f"cannot be read: {type(error).__name__}: {str(error)[:120]}")
            return


def _extract(notice: _Notice) -> str:
    notice.file = read_notice(notice.data)
    missing = [name for name in NEEDED if name not in notice.attached]
    if missing:
        raise VerificationFailed(f"the file carries no {', '.join(missing)}")
    return f"{len(notice.attached)} attachments"


def _seal(notice: _Notice) -> str:
    sealed = check_seal(notice.data, frozenset(one.lower().replace(":", "") for one in notice.policy.notice_certificates))
    if sealed is not None:
        return f"signed by {sealed.fingerprint[:16]}, over the whole file"
    if notice.policy.signature_needed:
        raise VerificationFailed("the file is not signed, so its appearance is not bound; the policy asks for a signature")
    return "not signed: the appearance is not bound"


def _manifest(notice: _Notice) -> str:
    stated = manifest_hashes(notice.attached["manifest.json"])
    others = {name: sha256_hex(data) for name, data in notice.attached.items() if name != "manifest.json"}
    different = sorted(name for name in {*stated, *others} if stated.get(name) != others.get(name))
    if different:
        raise VerificationFailed(f"{', '.join(different)}: not what the manifest states")
    return f"{len(stated)} files as stated"


def _event(notice: _Notice) -> str:
    body = notice.attached["event.json"]
    notice.event = json.loads(body)
    if canonical(notice.event) != body:
        raise VerificationFailed("the event is not in canonical form")
    if json.loads(notice.attached["manifest.json"])["leaf"] != leaf_hash(body).hex():
        raise VerificationFailed("the event is not the one whose leaf the manifest states")
    return f"{notice.event['kind']} of {notice.event['effective_on']}, recorded {notice.event['recorded_at']}"


def _keys(texts: tuple[str, ...]) -> list[VerifierKey]:
    return [parse_verifier(text) for text in texts]


def _in_the_log(notice: _Notice) -> str:
    if "event.tlog-proof" not in notice.attached:
        raise VerificationFailed("the notice carries no proof that its event is in the log")
    proof = parse_proof(notice.attached["event.tlog-proof"].decode())
    verified = verify_proof(proof, notice.attached["event.json"], _keys((*notice.policy.log_keys, *notice.policy.cosigner_keys)))
    names = {signature.key.text for signature in verified.signatures}
    if not names & set(notice.policy.log_keys):
        raise VerificationFailed("the checkpoint is signed by no log key of the policy")
    cosigned = len(names & set(notice.policy.cosigner_keys))
    if cosigned < notice.policy.cosignatures_needed:
        raise VerificationFailed(f"cosigned by {cosigned} trustees; the policy asks for {notice.policy.cosignatures_needed}")
    checkpoint = verified.checkpoint
    for seq, body, path in read_of_date(notice.attached["date.jsonl"]):
        if not verify_inclusion(leaf_hash(body), seq, checkpoint.size, path, checkpoint.root):
            raise VerificationFailed(f"entry {seq} of its date is not in the log that was signed")
        notice.of_date.append(json.loads(body))
    time = f"cosigned by {cosigned}" if cosigned else "time asserted by the operator"
    return f"entry {proof.index} of {checkpoint.origin} at size {checkpoint.size}; {len(notice.of_date)} entries of its date; {time}"


def _deal(notice: _Notice) -> str:
    text = notice.attached["deal.yaml"]
    stated = notice.event.get("deal_file") or next((one["deal_file"] for one in notice.of_date if one.get("deal_file")), None)
    if stated is not None and sha256_hex(text) != stated:
        raise VerificationFailed("the deal file is not the one that the event names")
    clauses = {name: template.terms for name, template in notice.templates.items()}
    deal, problems = load_deal(text.decode(), "deal.yaml", clauses)
    if deal is None:
        raise VerificationFailed(f"the deal file cannot be read: {problems[0].what}")
    results = notice.results
    notice.terms = resolve(deal, results[0].on if results else deal.closing_date)
    return f"{deal.name}, {sha256_hex(text)[:16]}"


def _observations(notice: _Notice) -> str:
    """The median of each attached week is the value that the results used."""
    weeks: dict[tuple[str, str], list[Decimal]] = {}
    for row in csv.DictReader(io.StringIO(notice.attached["observations.csv"].decode())):
        weeks.setdefault((row["index"], row["publication_date"]), []).append(Decimal(row["usd_per_gpu_hour"]))
    checked = 0
    for result in notice.results:
        for one in result.inputs:
            index, _, day = one.name.rpartition(", ")
            prices = weeks.get((index, str(one.source.as_of or day)))
            if one.source.kind == "publication" and prices:
                value = rounded(median(sorted(int(price * 10**6) for price in prices)), 4)
                if value != rounded(one.figure.value, 4):
                    raise VerificationFailed(f"{one.name} is {rounded(one.figure.value, 4)}; its observations give {value}")
                checked += 1
    return f"{checked} rates are the medians of their observations" if checked else "no rate here rests on attached observations"


def _results(notice: _Notice) -> str:
    """Every result of the date computed again from the deal file and its inputs."""
    if notice.terms is None:
        raise VerificationFailed("there are no terms")
    again, undetermined = 0, sum(result.verdict is Verdict.NOT_DETERMINED for result in notice.results)
    for result in notice.results:
        found = recomputed(result, notice.terms, notice.templates)
        if found is None:
            continue
        for name in ("verdict", "measured", "limit", "headroom"):
            if getattr(found, name) != getattr(result, name):
                raise VerificationFailed(
                    f"{result.test}: `{name}` comes out as {getattr(found, name)}, the log says {getattr(result, name)}"
                )
        again += 1
    other = len(notice.results) - again - undetermined
    said = (
        f"{again} determined, each comes out again" if again else "",
        f"{undetermined} not determined" if undetermined else "",
        f"{other} by their place in the log alone" if other else "",
    )
    return ", ".join(one for one in said if one) or "no test on this date"


def _text(notice: _Notice) -> str:
    """What the pages say of each result is what the log says."""
    if notice.terms is None or notice.file is None:
        raise VerificationFailed("there is nothing to compare the pages with")
    if notice.event["kind"] == "not evaluated":
        return "no result is stated: the date was not evaluated"
    return shown_as_recorded(notice.file.pages, notice.tested, notice.terms, notice.templates)


STEPS: tuple[tuple[str, Callable[[_Notice], str]], ...] = (
    ("signature", _seal),
    ("attachments", _extract),
    ("manifest", _manifest),
    ("event", _event),
    ("log", _in_the_log),
    ("deal file", _deal),
    ("observations", _observations),
    ("results", _results),
    ("visible text", _text),
)
"""The steps in their order, with what each does."""
