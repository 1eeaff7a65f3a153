"""What a verifier of notices trusts, as a TOML file of the verifier says it.

Nothing of it ever comes from a notice.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StrictBool, ValidationError, model_validator

from engine.basics.errors import InputProblems, Place, Problem, VerificationFailed
from engine.basics.files import NoToml, read_toml
from engine.basics.values import Fact
from engine.record.keys import BadKey, Kind, VerifierKey, parse_verifier

CERTIFICATE = re.compile(r"[0-9a-f]{64}")


class Policy(Fact):
    """What a verifier trusts.

    It is keys of logs and of trustees, how many trustees must have signed, and certificates of notices.
    """

    log_keys: tuple[str, ...] = ()
    ended_keys: tuple[str, ...] = ()
    """Log keys that have ended, each with its day (`name+id+key 2026-05-04`).

    What they signed counts only as a part of a later log.
    """
    cosigner_keys: tuple[str, ...] = ()
    cosignatures_needed: Annotated[int, Field(strict=True, ge=0)] = 0
    notice_certificates: tuple[str, ...] = ()
    time_authorities: tuple[str, ...] = ()
    """Certificates of authorities whose time stamps are believed, or of who certifies them."""
    signature_needed: StrictBool = True
    deals: tuple[str, ...] = ()
    """Names of the deals whose notices are asked for; any, if none is named."""
    origins: tuple[str, ...] = ()
    """Names of logs, as their checkpoints say them; any, if none is named."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        logs = [_key("log_keys", place, text, Kind.LOG) for place, text in enumerate(self.log_keys)]
        trustees = [
            _key("cosigner_keys", place, text, Kind.COSIGNER) for place, text in enumerate(self.cosigner_keys)
        ]
        ended = self.ended()
        # By the bytes of the key: under another name, an operator's key could pass for a trustee.
        own = {key.public for key in (*logs, *ended)} & {key.public for key in trustees}
        if own or len({key.public for key in trustees}) < len(trustees):
            raise ValueError(
                "`cosigner_keys` holds a log's own key, or one key twice; each trustee has a key of its own"
            )
        # Such a policy could never be met, and every true notice would fail for the wrong reason.
        if self.cosignatures_needed > len(trustees):
            raise ValueError(
                f"`cosignatures_needed` is {self.cosignatures_needed} and `cosigner_keys` has {len(trustees)}"
            )
        for name in ("notice_certificates", "time_authorities"):
            for place, text in enumerate(getattr(self, name)):
                if not CERTIFICATE.fullmatch(plain(text)):
                    raise ValueError(
                        f"`{name}[{place}]` is not a SHA-256 fingerprint of 64 hexadecimal digits"
                    )
        return self

    def ended(self) -> dict[VerifierKey, date]:
        """Return the log keys that have ended, each with its day.

        Raises ValueError if one is written otherwise.
        """
        found: dict[VerifierKey, date] = {}
        for place, text in enumerate(self.ended_keys):
            key, _, day = text.partition(" ")
            try:
                found[_key("ended_keys", place, key, Kind.LOG)] = date.fromisoformat(day)
            except ValueError as error:
                said = (
                    str(error)
                    if str(error).startswith("`ended_keys")
                    else f"`ended_keys[{place}]` is not a key with its last day after a space"
                )
                raise ValueError(said) from error
        return found

    def keys(self) -> list[VerifierKey]:
        """Return the keys that the policy names for logs and for cosigners, without those that have ended."""
        return [parse_verifier(text) for text in (*self.log_keys, *self.cosigner_keys)]

    def refuse_other_log(self, origin: str) -> None:
        """Refuse a log that the policy does not ask for: of another deal, or of another operator.

        Raises VerificationFailed. A log that is not a deal's is not asked about by its deal.
        """
        _, of_a_deal, deal = origin.rpartition("/deal/")
        if of_a_deal and self.deals and deal not in self.deals:
            raise VerificationFailed(f"a log of {deal}; the policy asks for {', '.join(self.deals)}")
        if self.origins and origin not in self.origins:
            raise VerificationFailed(f"the log is {origin}; the policy asks for {', '.join(self.origins)}")

    def authorities(self) -> frozenset[str]:
        """Return the fingerprints of the authorities whose time stamps are believed."""
        return frozenset(map(plain, self.time_authorities))


def plain(fingerprint: str) -> str:
    """Return a fingerprint without colons, in lower case."""
    return fingerprint.replace(":", "").lower()


def read_policy(path: Path) -> Policy:
    """Return the policy in a TOML file. Raises InputProblems, with the key that is wrong."""
    try:
        return Policy.model_validate(read_toml(path))
    except ValidationError as error:
        raise InputProblems(_problem(path, _said(problem)) for problem in error.errors()) from error
    except (OSError, NoToml) as error:
        raise InputProblems([_problem(path, str(error).splitlines()[0])]) from error


def _key(name: str, place: int, text: str, kind: Kind) -> VerifierKey:
    """Return one key of the policy. Raises ValueError if it is not one, or one of the other kind."""
    try:
        key = parse_verifier(text)
    except BadKey as error:
        raise ValueError(f"`{name}[{place}]`: {error}") from error
    if key.kind is not kind:
        words = {Kind.LOG: "a log's key", Kind.COSIGNER: "a trustee's key, made with --cosigner"}
        raise ValueError(f"`{name}[{place}]` is {words[key.kind]}; {words[kind]} belongs there")
    return key


def _said(error: object) -> str:
    details = dict(error) if isinstance(error, dict) else {}
    where = ".".join(str(step) for step in details.get("loc", ()))
    said = str(details.get("msg", error)).removeprefix("Value error, ")
    return f"`{where}`: {said}" if where else said


def _problem(path: Path, why: str) -> Problem:
    names = ", ".join(Policy.model_fields)
    return Problem(
        "S103",
        "the policy cannot be read",
        why,
        f"write {names}, each as the trustee's guide shows it",
        Place(str(path)),
    )
