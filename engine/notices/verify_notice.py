"""Whether a notice is what it says: offline, from the file and the verifier's own policy alone (`record.md`).

Every step has a name; the first difference ends it. Keys and certificates come from the policy, never from
the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any

from engine.basics.errors import Problem, VerificationFailed
from engine.basics.strict_json import read_json
from engine.basics.values import counted
from engine.determination.template import Template, clauses_of
from engine.events.kinds import Tested
from engine.events.notice import Pages
from engine.events.results import TestResult
from engine.notices.attachments import PAGE, Manifest, read_manifest
from engine.notices.checkpoint_stamp import stamp_words, time_of_log
from engine.notices.closing import NOT_COMPARED, UNSIGNED, Step
from engine.notices.page_evidence import (
    as_issued,
    in_the_log,
    page_evidence,
    refuse_without_words,
    same_page_one,
)
from engine.notices.page_match import PageWords, all_words, read_page_words
from engine.notices.page_text import shown_as_recorded, shown_of
from engine.notices.pdf import PAGES_OF_RESULTS, NoticeFile, read_notice
from engine.notices.recompute import Listed
from engine.notices.results_again import rates_again, results_again, weeks_of
from engine.notices.signature import check_seal
from engine.notices.time_token import Stamped
from engine.notices.trust_policy import Policy, plain
from engine.notices.whole_date import OfDate
from engine.record.canonical import canonical, sha256_hex
from engine.record.checkpoint import Checkpoint, Verified, stated
from engine.record.consistency import MINUTE, not_after
from engine.record.inclusion_proof import parse_proof, verify_proof
from engine.record.key_lives import KeyLives, called, key_lives, living
from engine.record.keys import BadKey, Kind, VerifierKey
from engine.record.merkle import leaf_hash, root
from engine.terms.as_written import Deal, load_deal, resolve
from engine.terms.clause import Clause
from engine.terms.in_force import TermsInForce

NEEDED = ("event.json", "date.jsonl", "observations.csv", "manifest.json")
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What a reader raises for something that is not in its form."""


@dataclass(frozen=True, slots=True)
class Later:
    """The log as it was signed after the notice was made, with its checkpoint and its entries.

    Trustees may have cosigned it.
    """

    note: str
    leaves: tuple[bytes, ...]
    bodies: tuple[bytes, ...] = ()
    """The entries themselves, if they are at hand."""
    stamp: str | None = None
    """The time stamp beside its checkpoint, if it has one."""


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
    """The terms in force on the notice's date."""
    terms_on: Callable[[date], TermsInForce] | None = None
    """The terms in force on any date.

    A test that waited for a report takes the limits of an earlier date (`rulings.md` 49a).
    """
    later: Sequence[Later] = ()
    pages: Pages | None = None
    checkpoint: Checkpoint | None = None
    listed: Listed = field(default_factory=dict)
    words: PageWords | None = None
    stamp: Stamped | None = None

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
        return [test.result for test in self.tested]


def verify_notice(
    data: bytes,
    policy: Policy,
    templates: Mapping[str, Template],
    later: Sequence[Later] = (),
    pages: Pages | None = None,
) -> Iterator[Step]:
    """Yield every step in turn, up to the first that fails.

    Args:
        data: the file.
        policy: what the verifier trusts.
        templates: the covenant templates, which the results are computed again by.
        later: the same log as it was signed, and cosigned, afterwards.
        pages: who composes page 1 again; a notice that carries its words cannot be verified without.
    """
    notice = _Notice(data, policy, templates, later=later, pages=pages)
    for name, check in STEPS:
        try:
            found = check(notice)
            if found is not None:
                yield Step(name, found)
        except (VerificationFailed, BadKey) as failed:
            yield Step(name, difference=str(failed))
            return
        # The file is anybody's. What does not parse is a difference at this step, and never a crash.
        except UNREADABLE as error:
            yield Step(name, difference=f"cannot be read: {type(error).__name__}: {str(error)[:120]}")
            return


def _extract(notice: _Notice) -> str:
    notice.file = read_notice(notice.data)
    missing = [name for name in NEEDED if name not in notice.attached]
    if missing:
        raise VerificationFailed(f"the file carries no {', '.join(missing)}")
    return f"{counted(len(notice.attached), 'attachments')}"


def _seal(notice: _Notice) -> str:
    policy = notice.policy
    sealed = check_seal(
        notice.data,
        frozenset(map(plain, policy.notice_certificates)),
        policy.authorities(),
    )
    if sealed is not None:
        notice.stamp = sealed.stamp
        return f"signed by {sealed.fingerprint[:16]}, over the whole file{_stamped(sealed.stamp)}"
    if notice.policy.signature_needed:
        raise VerificationFailed(
            "the file is not signed, so its appearance is not bound; the policy asks for a signature"
        )
    return UNSIGNED


def _stamped(stamp: Stamped | None) -> str:
    return "" if stamp is None else f"; {stamp_words(stamp)}"


def _manifest(notice: _Notice) -> str:
    notice.manifest = read_manifest(notice.attached["manifest.json"])
    stated = notice.manifest.files
    others = {name: sha256_hex(data) for name, data in notice.attached.items() if name != "manifest.json"}
    different = sorted(name for name in {*stated, *others} if stated.get(name) != others.get(name))
    if different:
        raise VerificationFailed(f"{', '.join(different)}: not what the manifest states")
    return f"{counted(len(stated), 'files')} as stated"


def _event(notice: _Notice) -> str:
    body = notice.attached["event.json"]
    notice.event = read_json(body)
    # Otherwise JSON with a name twice, or other spaces, could read differently for another reader.
    if canonical(notice.event) != body:
        raise VerificationFailed("the event is not in canonical form")
    if notice.manifest is None or notice.manifest.leaf != leaf_hash(body).hex():
        raise VerificationFailed("the event is not the one whose leaf the manifest states")
    return f"{notice.event['kind']} of {notice.event['effective_on']}, recorded {notice.event['recorded_at']}"


def _in_the_log(notice: _Notice) -> str:
    if "event.tlog-proof" not in notice.attached:
        raise VerificationFailed("the notice carries no proof that its event is in the log")
    proof, keys = parse_proof(notice.attached["event.tlog-proof"].decode()), notice.policy.keys()
    lives = [_lives(notice, one.bodies, stated(one.note).origin) for one in notice.later] or [
        _lives(notice, (), "")
    ]
    known = dict.fromkeys(
        (*(key for one in lives for key in one.keys), *(key for key in keys if key.kind is Kind.COSIGNER))
    )
    verified = verify_proof(proof, notice.attached["event.json"], known)
    signed = [signature.key for signature in verified.signatures if signature.key.kind is Kind.LOG]
    # A trustee's cosignature alone says that a log grew, and not that the operator stands for the entry.
    if not signed:
        raise VerificationFailed("the checkpoint is signed by no log key of the policy")
    later = [
        _later(one, verified.checkpoint, its, keys) for one, its in zip(notice.later, lives, strict=False)
    ]
    cosigned = [
        (one.key, one.at) for found in (verified, *later) for one in found.signatures if one.at is not None
    ]
    # Trustees are counted, and not lines: one trustee may have cosigned several checkpoints.
    by = len({key for key, _ in cosigned})
    if by < notice.policy.cosignatures_needed:
        raise VerificationFailed(
            f"cosigned by {by} trustees; the policy asks for {notice.policy.cosignatures_needed}"
        )
    stamps = [_stamp(one, its, keys, notice.policy) for one, its in zip(notice.later, lives, strict=False)]
    time = _time(notice, by, min((at for _, at in cosigned), default=None), [one for one in stamps if one])
    # Only now: before the proof holds, nothing says that the manifest speaks of the log that was signed.
    _is_of(notice, proof.index, verified.checkpoint)
    notice.checkpoint = verified.checkpoint
    attached = in_the_log(notice.attached["date.jsonl"], verified.checkpoint, "of its date")
    notice.of_date = OfDate(attached, proof.index)
    size = f"{verified.checkpoint.origin} at size {verified.checkpoint.size}"
    there = f"entry {proof.index} of {size}; all {counted(len(attached), 'entries')} of its date"
    found = f"{there}; {signed_by(signed[0], lives, notice.policy)}; {time}"
    return f"{_alone(verified, lives, later)}{found}"


def _lives(notice: _Notice, bodies: Sequence[bytes], origin: str) -> KeyLives:
    """Return the log keys of the policy, with those that followed them in a log that is held."""
    return key_lives(bodies, origin, notice.policy.keys(), notice.policy.ended())


def signed_by(key: VerifierKey, lives: Sequence[KeyLives], policy: Policy) -> str:
    """Return whose key signed the checkpoint, in words (`rulings.md` 66).

    It is a key that the policy names, or a key that followed such a key.
    """
    if key.text in policy.log_keys:
        return f"signed by {called(key)}, a key of the policy"
    before = next(((old, end) for one in lives for old, end in one.ends.items() if end.by == key), None)
    if before is None:
        return f"signed by {called(key)}, which the policy says has ended"
    return f"signed by {called(key)}, which followed {called(before[0])} on {before[1].on}"


def _alone(found: Verified, lives: Sequence[KeyLives], later: Sequence[Verified]) -> str:
    """Return how the finding begins if the checkpoint is by a key that has ended.

    The text is empty if a later log by a living key shows the checkpoint.
    """
    for one in lives:
        # A signature after the key's end counts for nothing, even if a later log contains the checkpoint.
        after = one.after_its_end(found)
        if after is not None:
            raise VerificationFailed(
                f"the checkpoint is signed by a key that ended on {after.on}, at entry {after.seq}"
            )
    ends = [end for one in lives if (end := one.ended(found)) is not None]
    shown = any(one.ended(log) is None for one, log in zip(lives, later, strict=False))
    return f"{NOT_COMPARED}: signed by a key that ended on {ends[0].on}; " if ends and not shown else ""


def _later(later: Later, checkpoint: Checkpoint, lives: KeyLives, keys: Sequence[VerifierKey]) -> Verified:
    """Return the same log grown from the notice's checkpoint, with who signed it.

    Raises VerificationFailed if it is another.
    """
    verified = living(later.note, lives, keys)
    if (
        not any(one.key.kind is Kind.LOG for one in verified.signatures)
        or verified.checkpoint.origin != checkpoint.origin
    ):
        raise VerificationFailed(
            f"the log that is held is of {verified.checkpoint.origin}, or no log key of the policy signed it"
        )
    if (
        root(later.leaves) != verified.checkpoint.root
        or root(later.leaves[: checkpoint.size]) != checkpoint.root
    ):
        raise VerificationFailed(
            f"the log that is held did not grow from the notice's, {checkpoint.origin} at size "
            f"{checkpoint.size}"
        )
    return verified


def _stamp(later: Later, lives: KeyLives, keys: Sequence[VerifierKey], policy: Policy) -> Stamped | None:
    """Return when the log that is held was time-stamped, if it was.

    Raises VerificationFailed for a wrong stamp.
    """
    if later.stamp is None:
        return None
    return time_of_log(later.stamp, later.note, later.bodies, (*lives.keys, *keys), policy.authorities())


def _time(notice: _Notice, by: int, at: datetime | None, stamps: Sequence[Stamped]) -> str:
    """Return by when the event was there, as its trustees and authorities of time vouch.

    Raises VerificationFailed if it says that it came later.
    """
    event = [("the event", notice.attached["event.json"])]
    # A stamp by an authority that the policy does not name is shown, and proves no time (`rulings.md` 68).
    own = notice.stamp is not None and notice.stamp.trusted
    if notice.stamp is not None and own:
        not_after(notice.stamp.at, event, "time-stamped")
    # A stamp that is believed goes before an earlier one that is not.
    first = min(stamps, key=lambda stamp: (not stamp.trusted, stamp.at), default=None)
    of_log = "" if first is None else f"the log that is held was {stamp_words(first)}"
    if at is None and first is not None and first.trusted and not own:
        return f"there when {of_log}"
    if at is None:
        said = "there when it was time-stamped" if own else "time asserted by the operator"
    else:
        not_after(at, event)
        said = f"cosigned by {by}, first at {at:{MINUTE}} UTC"
    return "; ".join(filter(None, (said, of_log)))


def _is_of(notice: _Notice, index: int, checkpoint: Checkpoint) -> None:
    """Check that the manifest names what the proof is of, and that the policy asks for it.

    Raises VerificationFailed.
    """
    stated = notice.manifest
    if stated is None or (stated.seq, stated.log_size) != (index, checkpoint.size):
        raise VerificationFailed(
            f"the manifest names another entry or size than the proof, {index} at size {checkpoint.size}"
        )
    # Without this check, a notice of one deal could be shown as proof for a deal of another name.
    if not checkpoint.origin.endswith(f"/deal/{stated.deal}"):
        raise VerificationFailed(
            f"the manifest names the deal {stated.deal}; the checkpoint is of {checkpoint.origin}"
        )
    notice.policy.refuse_other_log(checkpoint.origin)


def _deal(notice: _Notice) -> str:
    stated, text = notice.event.get("deal_file"), notice.attached.get("deal.yaml")
    # If the deal file could not be read, the event names none, and a file attached here proves nothing.
    if stated is None and notice.event["kind"] == "not evaluated":
        if text is not None:
            raise VerificationFailed("a deal file is attached that the event does not name")
        return "none: the deal was not evaluated"
    if text is None or sha256_hex(text) != stated:
        raise VerificationFailed("the deal file is not the one that the event names")
    deal, problems = _deal_in(text.decode(), tuple(clauses_of(notice.templates).items()))
    if deal is None:
        raise VerificationFailed(f"the deal file cannot be read: {problems[0].what}")
    if notice.manifest is None or notice.of_date is None or deal.name != notice.manifest.deal:
        raise VerificationFailed(f"the deal file is of {deal.name}, the manifest names another deal")
    notice.terms, notice.terms_on = resolve(deal, notice.of_date.on), partial(resolve, deal)
    return f"{deal.name}, {sha256_hex(text)[:16]}"


# The text and the clauses decide it alone. A desk that verifies a year of one deal's notices reads it once.
@lru_cache(maxsize=8)
def _deal_in(text: str, clauses: tuple[tuple[str, type[Clause]], ...]) -> tuple[Deal | None, list[Problem]]:
    """Return the deal in a text, or everything that is wrong with it."""
    return load_deal(text, "deal.yaml", dict(clauses))


def _observations(notice: _Notice) -> str:
    """Check that the date's rates rest on the attached observations, and return the words of the step."""
    notice.listed = weeks_of(notice.attached["observations.csv"].decode(), notice.event.get("version") == 1)
    return rates_again(notice.listed, notice.of_date.rates if notice.of_date else (), notice.results)


def _results(notice: _Notice) -> str:
    """Compute every result of the date again from the deal file and its inputs, and compare it."""
    if notice.of_date is None or (notice.terms is None and notice.results):
        raise VerificationFailed("the terms are missing")
    # Reached only without results: the check above refuses results without terms.
    if notice.terms_on is None:
        return "the deal was not evaluated, so it does not have a result"
    return results_again(
        notice.results,
        notice.terms_on,
        notice.templates,
        notice.of_date.on,
        notice.listed,
        notice.event.get("version") == 1,
    )


def _page_one(notice: _Notice) -> str | None:
    """Compose page 1's masthead, answer and dues again from the notice's events, and compare them."""
    if notice.manifest is None or notice.of_date is None or notice.checkpoint is None:
        raise VerificationFailed("there is nothing to compose page 1 of")
    if notice.manifest.notice is None:
        refuse_without_words(notice.event)
        return None
    if notice.pages is None:
        raise VerificationFailed("no composer of pages was given, so page 1 cannot be composed again")
    notice.words = read_page_words(notice.attached[PAGE])
    evidence = page_evidence(notice.attached, notice.manifest, notice.of_date, notice.checkpoint)
    same_page_one(notice.words, notice.pages.first(evidence))
    facts = notice.manifest.notice
    called = f"No. {facts.number}, a {facts.state} of kind {facts.kind}"
    return f"{called}: masthead, answer and dues come out again of the events that it carries"


def _all_text(notice: _Notice) -> str | None:
    """Compare all text of the file's pages with what `page.json` says, string by string."""
    if notice.words is None or notice.file is None:
        return None
    strings = counted(all_words(notice.file.pages, notice.words), "strings")
    return f"{strings} on {counted(len(notice.file.pages), 'pages')}, each as page.json says"


def _issued(notice: _Notice) -> str | None:
    """Return what the log that is held says was issued under the notice's number; None if it says nothing."""
    if notice.words is None or notice.manifest is None or notice.manifest.notice is None:
        return None
    return as_issued(
        notice.manifest.notice, sha256_hex(notice.attached[PAGE]), sha256_hex(notice.data), notice.later
    )


def _text(notice: _Notice) -> str:
    """Check that the pages are of the evidence's deal and date.

    What they say of each result must be what the log says.
    """
    if notice.file is None or notice.manifest is None or notice.of_date is None:
        raise VerificationFailed("there is nothing to compare the pages with")
    evaluated = notice.event["kind"] != "not evaluated"
    pages = notice.file.pages[:PAGES_OF_RESULTS]
    shown_of(pages, notice.manifest.deal, notice.of_date.on, evaluated)
    if not evaluated:
        return "the date was not evaluated, and page 1 says so"
    if notice.terms is None:
        raise VerificationFailed("the terms by which to read the results are missing")
    return shown_as_recorded(pages, notice.tested, notice.terms, notice.templates)


STEPS: tuple[tuple[str, Callable[[_Notice], str | None]], ...] = (
    ("signature", _seal),
    ("attachments", _extract),
    ("manifest", _manifest),
    ("event", _event),
    ("log", _in_the_log),
    ("deal file", _deal),
    ("observations", _observations),
    ("results", _results),
    ("visible text", _text),
    ("page 1", _page_one),
    ("all text", _all_text),
    ("as issued", _issued),
)
"""The steps in their order, with what each does; one that finds nothing to look at says nothing."""
