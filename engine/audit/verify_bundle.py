"""Verify a bundle.

Its log is checked by the verifier's keys, each notice by itself and against the log, and each deal file by
its hash.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.audit.verify_file import later_of
from engine.basics.bundle_archive import unpacked
from engine.basics.canonical_json import sha256_hex
from engine.basics.errors import HeadroomError, Unavailable, VerificationFailed, WrongUsage
from engine.basics.strict_json import read_json
from engine.basics.values import counted
from engine.determination.template import Template
from engine.events.notice import Pages
from engine.notices.checkpoint_stamp import stamp_words, time_of_log
from engine.notices.closing import NOT_COMPARED, Step, step_lines
from engine.notices.trust_policy import Policy, read_policy
from engine.notices.verify_notice import Later, verify_notice
from engine.record.checkpoint import stated
from engine.record.key_lives import called, key_lives, living


@dataclass(frozen=True, slots=True)
class BundleVerification:
    """The verification of a bundle.

    It holds the file, what the bundle is about, and every step up to the first difference of each part.
    """

    bundle: Path
    about: Mapping[str, str]
    steps: tuple[Step, ...]

    @property
    def verified(self) -> bool:
        """Whether no step found a difference."""
        return not any(step.difference for step in self.steps)

    @property
    def by_an_ended_key(self) -> bool:
        """Whether its log's checkpoint is by a key that has ended (`rulings.md` 66)."""
        return any(step.name == "log" and step.found.startswith(NOT_COMPARED) for step in self.steps)

    @property
    def said(self) -> str:
        """The last line: what was compared; nothing if a step found a difference."""
        if not self.verified:
            return ""
        files = "each deal file and each report with the log"
        stamped = any(step.name == "time stamp" for step in self.steps)
        log = "the log with your keys, its time stamp" if stamped else "the log with your keys"
        compared = f"{log}; each notice by itself, its words with those that the log issued; {files}"
        return (
            f"{self.bundle.name} is what it says as far as was compared. Compared: {compared}. Not "
            "compared: the drawing of the notices."
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """Each step in a line, and the last line."""
        return step_lines(self.steps, self.said)

    def as_data(self) -> dict[str, Any]:
        """Return the verification as JSON."""
        steps = [asdict(step) for step in self.steps]
        return {
            "bundle": str(self.bundle),
            "about": dict(self.about),
            "verified": self.verified,
            "steps": steps,
            "closing": self.said,
        }


def verify_bundle(
    bundle: Path, policy: Path, templates: Mapping[str, Template], pages: Pages
) -> BundleVerification:
    """Return a bundle by itself, offline, by the verifier's own policy.

    Raises WrongUsage if a file is missing, Unavailable if the disk fails.
    """
    for path in (bundle, policy):
        if not path.is_file():
            raise WrongUsage(f"no such file: {path}")
    trusted_by = read_policy(policy)
    try:
        files, about = unpacked(bundle)
    except Unavailable:
        raise
    except HeadroomError as failed:
        return BundleVerification(bundle, {}, (Step("bundle", difference=str(failed)),))
    steps = [
        Step(
            "bundle",
            f"{counted(len(files), 'files')} as its manifest states, of {about.get('deal', 'no deal')}",
        )
    ]
    steps += _parts(files, about, trusted_by, templates, pages)
    return BundleVerification(bundle, about, tuple(steps))


def _parts(
    files: Mapping[str, bytes],
    about: Mapping[str, str],
    policy: Policy,
    templates: Mapping[str, Template],
    pages: Pages,
) -> Iterator[Step]:
    try:
        later = _log(files, policy)
        # The log is checked first: all other parts are held against it, and prove nothing without it.
        signed = _signed(later, about, policy)
    except Unavailable:
        raise
    except HeadroomError as failed:
        yield Step("log", difference=str(failed))
        return
    yield Step("log", signed)
    if later.stamp is not None:
        yield _stamp(later, later.stamp, policy)
    yield _deal_files(files, later)
    yield _all_there(files, later)
    yield _reports(files, later)
    for name in sorted(file for file in files if file.startswith("notices/")):
        steps = list(verify_notice(files[name], policy, templates, [later], pages))
        differing = next((step for step in steps if step.difference), None)
        short = name.removeprefix("notices/")
        if differing is not None:
            yield Step(short, difference=f"{differing.name}: {differing.difference}")
        else:
            yield Step(short, f"{counted(len(steps), 'steps')} hold; {steps[-1].found}")


def _log(files: Mapping[str, bytes], policy: Policy) -> Later:
    """Return the bundle's log, read as an exported log is read. Raises VerificationFailed."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            if name.startswith("log/"):
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        (Path(folder) / "log").mkdir(exist_ok=True)
        return later_of(Path(folder) / "log", policy)


def _signed(later: Later, about: Mapping[str, str], policy: Policy) -> str:
    """Return the words about whose key signed the bundle's log.

    A key that has ended by the policy proves nothing more than it did before its end.
    """
    lives = key_lives(later.bodies, stated(later.note).origin, policy.keys(), policy.ended())
    found = living(later.note, lives, policy.keys())
    by, end = next((one.key for one in found.signatures if one.at is None), None), lives.ended(found)
    if by is None:
        raise VerificationFailed("the bundle's log is signed by no log key of the policy")
    origin = found.checkpoint.origin
    policy.refuse_other_log(origin)
    # Nobody signed the manifest, and its words stand in the first line of the answer.
    if about != {"deal": origin.rpartition("/deal/")[2], "origin": origin}:
        raise VerificationFailed(f"the bundle's manifest says that it is of another log than {origin}")
    log = f"{origin}: {counted(len(later.bodies), 'entries')}, signed by {called(by)}"
    if end is not None:
        return f"{NOT_COMPARED}: signed by a key that ended on {end.on}; {log}"
    return (
        f"{log}, "
        f"{'a key of the policy' if by.text in policy.log_keys else 'a key that followed one of the policy'}"
    )


def _stamp(later: Later, text: str, policy: Policy) -> Step:
    """Return when the bundle's log was time-stamped, and by whom."""
    lives = key_lives(later.bodies, stated(later.note).origin, policy.keys(), policy.ended())
    try:
        found = time_of_log(
            text, later.note, later.bodies, (*lives.keys, *policy.keys()), policy.authorities()
        )
    except VerificationFailed as failed:
        return Step("time stamp", difference=str(failed))
    return Step("time stamp", f"its log was {stamp_words(found)}")


def _deal_files(files: Mapping[str, bytes], later: Later) -> Step:
    """Return whether each deal file is the one whose hash the log adopted, and none is missing."""
    adopted = {str(event["payload"]["file_sha256"]) for event in _events(later, "deal adopted")}
    there = {
        name.removeprefix("deals/").removesuffix(".yaml"): sha256_hex(data)
        for name, data in files.items()
        if name.startswith("deals/")
    }
    # Both ways: a missing file hides terms, and a surplus one could be taken for the deal's.
    wrong = sorted(name for name in {*adopted, *there} if there.get(name) != name or name not in adopted)
    if wrong:
        return Step(
            "deal files",
            difference=f"the deal file {wrong[0][:16]} is missing, is another, or was never adopted",
        )
    return Step("deal files", f"{counted(len(there), 'files')}, each that the log adopted")


def _all_there(files: Mapping[str, bytes], later: Later) -> Step:
    """Return whether every notice that the log issued is there with its bytes, and no other."""
    issued = {
        Path(event["payload"]["file"]).name: str(event["payload"]["sha256"])
        for event in _events(later, "notice issued")
    }
    there = {
        name.removeprefix("notices/"): sha256_hex(data)
        for name, data in files.items()
        if name.startswith("notices/")
    }
    wrong = sorted(name for name in {*issued, *there} if issued.get(name) != there.get(name))
    if wrong:
        return Step(
            "notices",
            difference=f"{wrong[0]} is missing, is not the file that the log issued, or was never issued",
        )
    return Step("notices", f"{counted(len(there), 'files')}, each as the log issued it")


def _reports(files: Mapping[str, bytes], later: Later) -> Step:
    """Return the step that checks that every report in the log is there with its bytes, and no other."""
    received = {str(event["payload"]["sha256"]) for event in _events(later, "report received")}
    there = {
        sha256_hex(data): name.removeprefix("reports/")
        for name, data in files.items()
        if name.startswith("reports/")
    }
    missing, more = (
        sorted(received - there.keys()),
        sorted(name for sha256, name in there.items() if sha256 not in received),
    )
    if missing or more:
        which = (
            f"the report {missing[0][:16]} is missing or was changed"
            if missing
            else f"{more[0]} was never received"
        )
        return Step("reports", difference=which)
    return Step("reports", f"{counted(len(there), 'files')}, each as the log received it")


def _events(later: Later, kind: str) -> Iterator[dict[str, Any]]:
    marked = f'"kind":"{kind}"'.encode()
    for body in later.bodies:
        # The mark could stand inside a text, so the parsed kind decides; most entries are never parsed.
        if marked in body and (event := read_json(body))["kind"] == kind:
            yield event
