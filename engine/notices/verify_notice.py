"""Whether a notice is what it says: offline, from the file and the verifier's own policy alone (`record.md`).

Every step has a name; the first difference ends it. Keys and certificates come from the policy, never from the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.basics.errors import VerificationFailed
from engine.basics.values import median, rounded
from engine.determination.template import Template, clauses_of
from engine.events.kinds import Tested
from engine.events.results import TestResult, Verdict
from engine.notices.attachments import OBSERVATIONS, Manifest, read_manifest, read_of_date
from engine.notices.page_text import shown_as_recorded, shown_of
from engine.notices.pdf import NoticeFile, read_notice
from engine.notices.recompute import Listed, recomputed
from engine.notices.signature import check_seal
from engine.notices.trust_policy import Policy, plain
from engine.notices.whole_date import OfDate
from engine.record.canonical import canonical, sha256_hex
from engine.record.checkpoint import Checkpoint, Verified, verify
from engine.record.consistency import MINUTE, not_after
from engine.record.inclusion_proof import parse_proof, verify_proof
from engine.record.keys import BadKey, Kind, VerifierKey, parse_verifier
from engine.record.merkle import leaf_hash, root, verify_inclusion
from engine.terms.as_written import load_deal, resolve
from engine.terms.contract_dates import publication_dates
from engine.terms.in_force import TermsInForce

NEEDED = ("event.json", "date.jsonl", "observations.csv", "manifest.json")
ROW = re.compile(r"(?P<index>[^,\n]{1,100}),(?P<on>\d{4}-\d{2}-\d{2}),(?P<price>\d{1,9}(\.\d{1,9})?),(?P<seller>[1-9]\d{0,5})?")
"""A row of `observations.csv`. Its price is bounded before it is read: a Decimal may be longer than any memory."""
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What a reader raises for something that is not in its form."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the verification: its name, what it found, and the first difference where there is one."""

    name: str
    found: str = ""
    difference: str | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """The log as it was signed after the notice was made, which trustees may have cosigned: its checkpoint and its leaves."""

    note: str
    leaves: tuple[bytes, ...]


@dataclass
class _Notice:
    """A notice on its way through the steps."""

    data: bytes
    policy: Policy
    templates: Mapping[str, Template]
    file: NoticeFile | None = None
    event: dict[str, Any] = field(default_factory=dict)
    manifest: Manifest | None = None
    of_date: OfDate | None = None
    terms: TermsInForce | None = None
    later: Sequence[Later] = ()

    @property
    def attached(self) -> dict[str, bytes]:
        return self.file.attachments if self.file else {}

    @property
    def tested(self) -> list[Tested]:
        """The results of the notice's date with the states that they led to, as the log holds them."""
        return self.of_date.tested if self.of_date else []

    @property
    def results(self) -> list[TestResult]:
        """The results of the notice's date."""
        return [one.result for one in self.tested]


def verify_notice(data: bytes, policy: Policy, templates: Mapping[str, Template], later: Sequence[Later] = ()) -> Iterator[Step]:
    """Every step in turn, up to the first that fails. `later` is the same log as it was signed, and cosigned, afterwards."""
    notice = _Notice(data, policy, templates, later=later)
    for name, check in STEPS:
        try:
            yield Step(name, check(notice))
        except (VerificationFailed, BadKey) as failed:
            yield Step(name, difference=str(failed))
            return
        except UNREADABLE as error:
            yield Step(name, difference=f"cannot be read: {type(error).__name__}: {str(error)[:120]}")
            return


def _extract(notice: _Notice) -> str:
    notice.file = read_notice(notice.data)
    missing = [name for name in NEEDED if name not in notice.attached]
    if missing:
        raise VerificationFailed(f"the file carries no {', '.join(missing)}")
    return f"{len(notice.attached)} attachments"


def _seal(notice: _Notice) -> str:
    sealed = check_seal(notice.data, frozenset(map(plain, notice.policy.notice_certificates)))
    if sealed is not None:
        return f"signed by {sealed.fingerprint[:16]}, over the whole file"
    if notice.policy.signature_needed:
        raise VerificationFailed("the file is not signed, so its appearance is not bound; the policy asks for a signature")
    return "not signed: the appearance is not bound"


def _manifest(notice: _Notice) -> str:
    notice.manifest = read_manifest(notice.attached["manifest.json"])
    stated = notice.manifest.files
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
    if notice.manifest is None or notice.manifest.leaf != leaf_hash(body).hex():
        raise VerificationFailed("the event is not the one whose leaf the manifest states")
    return f"{notice.event['kind']} of {notice.event['effective_on']}, recorded {notice.event['recorded_at']}"


def _keys(texts: tuple[str, ...], kind: Kind) -> list[VerifierKey]:
    return [key for text in texts if (key := parse_verifier(text)).kind is kind]


def _in_the_log(notice: _Notice) -> str:
    if "event.tlog-proof" not in notice.attached:
        raise VerificationFailed("the notice carries no proof that its event is in the log")
    proof = parse_proof(notice.attached["event.tlog-proof"].decode())
    logs, trustees = _keys(notice.policy.log_keys, Kind.LOG), _keys(notice.policy.cosigner_keys, Kind.COSIGNER)
    verified = verify_proof(proof, notice.attached["event.json"], (*logs, *trustees))
    signed = {signature.key for signature in verified.signatures}
    if not signed & set(logs):
        raise VerificationFailed("the checkpoint is signed by no log key of the policy")
    later = [_later(one, verified.checkpoint, logs, trustees) for one in notice.later]
    cosigned = [(one.key, one.at) for found in (verified, *later) for one in found.signatures if one.at is not None]
    by = len({key for key, _ in cosigned})
    if by < notice.policy.cosignatures_needed:
        raise VerificationFailed(f"cosigned by {by} trustees; the policy asks for {notice.policy.cosignatures_needed}")
    time = _time(notice, by, min((at for _, at in cosigned), default=None))
    _is_of(notice, proof.index, verified.checkpoint)
    attached = read_of_date(notice.attached["date.jsonl"])
    for one in attached:
        if not verify_inclusion(leaf_hash(one.body), one.seq, verified.checkpoint.size, one.path, verified.checkpoint.root):
            raise VerificationFailed(f"entry {one.seq} of its date is not in the log that was signed")
    notice.of_date = OfDate(attached, proof.index)
    size = f"{verified.checkpoint.origin} at size {verified.checkpoint.size}"
    return f"entry {proof.index} of {size}; all {len(attached)} entries of its date; {time}"


def _later(later: Later, checkpoint: Checkpoint, logs: list[VerifierKey], trustees: list[VerifierKey]) -> Verified:
    """The same log grown from the notice's checkpoint, with who signed it. Raises VerificationFailed where it is another."""
    found = verify(later.note, (*logs, *trustees))
    signed = {signature.key for signature in found.signatures}
    if not signed & set(logs) or found.checkpoint.origin != checkpoint.origin:
        raise VerificationFailed(f"the log that is held is of {found.checkpoint.origin}, or no log key of the policy signed it")
    if root(later.leaves) != found.checkpoint.root or root(later.leaves[: checkpoint.size]) != checkpoint.root:
        raise VerificationFailed(f"the log that is held did not grow from the notice's, {checkpoint.origin} at size {checkpoint.size}")
    return found


def _time(notice: _Notice, by: int, at: datetime | None) -> str:
    """By when the event was there, as its trustees vouch. Raises VerificationFailed where it says that it came later."""
    if at is None:
        return "time asserted by the operator"
    not_after(at, [("the event", notice.attached["event.json"])])
    return f"cosigned by {by}, first at {at:{MINUTE}} UTC"


def _is_of(notice: _Notice, index: int, checkpoint: Checkpoint) -> None:
    """Whether the manifest names what the proof is of, and the policy asks for it. Raises VerificationFailed."""
    stated, policy = notice.manifest, notice.policy
    if stated is None or (stated.seq, stated.log_size) != (index, checkpoint.size):
        raise VerificationFailed(f"the manifest names another entry or size than the proof, {index} at size {checkpoint.size}")
    if not checkpoint.origin.endswith(f"/deal/{stated.deal}"):
        raise VerificationFailed(f"the manifest names the deal {stated.deal}; the checkpoint is of {checkpoint.origin}")
    if policy.deals and stated.deal not in policy.deals:
        raise VerificationFailed(f"a notice of {stated.deal}; the policy asks for {', '.join(policy.deals)}")
    if policy.origins and checkpoint.origin not in policy.origins:
        raise VerificationFailed(f"the log is {checkpoint.origin}; the policy asks for {', '.join(policy.origins)}")


def _deal(notice: _Notice) -> str:
    stated, text = notice.event.get("deal_file"), notice.attached.get("deal.yaml")
    if stated is None and notice.event["kind"] == "not evaluated":
        if text is not None:
            raise VerificationFailed("a deal file is attached that the event does not name")
        return "none: the deal was not evaluated"
    if text is None or sha256_hex(text) != stated:
        raise VerificationFailed("the deal file is not the one that the event names")
    clauses = clauses_of(notice.templates)
    deal, problems = load_deal(text.decode(), "deal.yaml", clauses)
    if deal is None:
        raise VerificationFailed(f"the deal file cannot be read: {problems[0].what}")
    if notice.manifest is None or notice.of_date is None or deal.name != notice.manifest.deal:
        raise VerificationFailed(f"the deal file is of {deal.name}, the manifest names another deal")
    notice.terms = resolve(deal, notice.of_date.on)
    return f"{deal.name}, {sha256_hex(text)[:16]}"


def _observations(notice: _Notice) -> str:
    """The rates of the date rest on exactly the observations attached; those of other weeks are their medians."""
    weeks = _weeks(notice.attached["observations.csv"].decode())
    for rate in notice.of_date.rates if notice.of_date else ():
        used = rate.published
        attached = [price for price, _ in weeks.get((used.index, str(used.publication_date)), ())] if used is not None else []
        if used is not None and used.pooled and attached != sorted(used.pooled):
            raise VerificationFailed(f"{used.index} of {used.publication_date}: the observations attached are not the ones it rests on")
    checked: list[str] = []
    without: list[str] = []
    for one in (one for result in notice.results for one in result.inputs if one.source.kind == "publication"):
        index, _, day = one.name.rpartition(", ")
        prices = [price for price, _ in weeks.get((index, str(one.source.as_of or day)), ())]
        (checked if prices else without).append(one.name)
        if prices:
            value = rounded(median([int(price * 10**6) for price in prices]), 4)
            if value != rounded(one.figure.value, 4):
                raise VerificationFailed(f"{one.name} is {rounded(one.figure.value, 4)}; its observations give {value}")
    said = f"{len(set(checked))} rates are the medians of their observations" if checked else "no rate here rests on attached observations"
    return said + (f"; without observations: {', '.join(dict.fromkeys(without))}" if without else "")


def _weeks(text: str) -> Listed:
    """The prices of each week in rising order, each with its seller's number. Raises VerificationFailed at a line of another form."""
    head, *lines = text.split("\n")
    if head != OBSERVATIONS or not lines or lines.pop():
        raise VerificationFailed(f"observations.csv does not begin with `{OBSERVATIONS}`, or ends within a line")
    weeks: dict[tuple[str, str], list[tuple[Decimal, str | None]]] = {}
    for number, line in enumerate(lines, start=2):
        row = ROW.fullmatch(line)
        if row is None:
            raise VerificationFailed(f"observations.csv:{number}: not an index, a date, a price and a seller's number")
        weeks.setdefault((row["index"], row["on"]), []).append((Decimal(row["price"]), row["seller"]))
    return {week: tuple(sorted(rows, key=lambda row: row[0])) for week, rows in weeks.items()}


def _results(notice: _Notice) -> str:
    """Every result of the date computed again from the deal file and its inputs."""
    if notice.of_date is None or (notice.terms is None and notice.results):
        raise VerificationFailed("there are no terms")
    if notice.terms is None:
        return "the deal was not evaluated: there is no result"
    missing = _due(notice.terms, notice.templates, notice.of_date.on) - {result.test for result in notice.results}
    if missing:
        raise VerificationFailed(f"no result of {', '.join(sorted(missing))}, which the deal file tests on {notice.of_date.on}")
    listed = _weeks(notice.attached["observations.csv"].decode())
    sellers = 0
    again, undetermined = 0, sum(result.verdict is Verdict.NOT_DETERMINED for result in notice.results)
    for result in notice.results:
        found = recomputed(result, notice.terms, notice.templates, listed)
        if found is None:
            continue
        for name in ("verdict", "measured", "limit", "headroom"):
            if getattr(found, name) != getattr(result, name):
                raise VerificationFailed(
                    f"{result.test}: `{name}` comes out as {getattr(found, name)}, the log says {getattr(result, name)}"
                )
        again += 1
        sellers += _by_sellers(result, found)
    other = len(notice.results) - again - undetermined
    said = (
        f"{again} determined, each comes out again" if again else "",
        f"{sellers} of them by the subsets of their sellers" if sellers else "",
        f"{undetermined} not determined" if undetermined else "",
        f"{other} by their place in the log alone" if other else "",
    )
    return ", ".join(one for one in said if one) or "no test on this date"


SELLER_FIGURES = ("decisive", "decisive_95", "decisive_80", "sellers", "replicates", "apart", "share_failing_sellers", "low", "high")


def _by_sellers(result: TestResult, found: TestResult) -> bool:
    """Whether what a result says of its sellers comes out again from the listings attached; no where it says nothing of them.

    Drawn subsets rest on the sellers' own names, which a notice does not carry. Raises VerificationFailed.
    """
    said, again = result.bearing, found.bearing
    if said is None or said.replicates is None or said.drawn:
        return False
    for name in SELLER_FIGURES:
        stated, computed = getattr(said, name), getattr(again, name) if again is not None else None
        if stated != computed:
            raise VerificationFailed(f"{result.test}: `{name}` by sellers comes out as {computed}, the log says {stated}")
    return True


def _due(terms: TermsInForce, templates: Mapping[str, Template], on: date) -> set[str]:
    """The tests that a Determination Date must have: those tested on every date of its kind, and always on."""
    kinds = {"determination dates", *(("publication dates",) if tuple(publication_dates(on, on)) else ())}
    return {
        name
        for name, clause in terms.covenants.items()
        if templates[clause.template].dates in kinds
        and (clause.first_tested is None or clause.first_tested <= on)
        and clause.frequency == "every date"
        and clause.tested_while is None
    }


def _text(notice: _Notice) -> str:
    """The pages are of the deal and the date that the evidence is of, and what they say of each result is what the log says."""
    if notice.file is None or notice.manifest is None or notice.of_date is None:
        raise VerificationFailed("there is nothing to compare the pages with")
    evaluated = notice.event["kind"] != "not evaluated"
    shown_of(notice.file.pages, notice.manifest.deal, notice.of_date.on, evaluated)
    if not evaluated:
        return "the date was not evaluated, and page 1 says so"
    if notice.terms is None:
        raise VerificationFailed("there are no terms to read the results by")
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
