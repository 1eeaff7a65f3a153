"""Why a deal was not evaluated, found again from the file that the run kept (`rulings.md` 32)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.basics.errors import OF_ONE_DEAL, VerificationFailed
from engine.basics.files import text_of
from engine.basics.regular_files import bytes_in
from engine.determination.template import Template
from engine.events.kinds import Event, NotEvaluated
from engine.events.log_names import subject_of_log
from engine.events.running_state import Past
from engine.record.canonical import sha256_hex
from engine.record.stored_row import HASH
from engine.terms.as_written import Deal
from engine.workspace.deal_files import changed, file_of, read_text, refused_path, said
from engine.workspace.registers import BadRegister, as_read, refused_register, registers_named
from engine.workspace.workspace import Workspace


def reason_again(
    workspace: Workspace,
    templates: Mapping[str, Template],
    before: Past,
    event: Event,
    evaluate: Callable[[Deal], None],
) -> NotEvaluated | None:
    """Return the reason that comes out again, with what has to be mended.

    None if the file was not kept, or nothing is wrong with it now.

    Args:
        workspace: the workspace whose record it is.
        templates: the covenant templates.
        before: the log up to the entry.
        event: the entry that says that the deal was not evaluated.
        evaluate: evaluates the date that was due, and raises what is wrong with it.

    Raises:
        VerificationFailed: the file that the entry names is gone, or another.
    """
    if not event.inputs:
        return None
    text = _kept(workspace, event.inputs[0])
    said_then = (*event.payload.problems, event.payload.reason)
    reading = read_text(text, file_of(said_then, subject_of_log(event.log)), templates)
    # Each step needs what the step before gives, so the first thing that fails is the reason.
    if reading.deal is None:
        return NotEvaluated(reason=reading.reason or "")
    refused, terms = changed(workspace, reading.deal, before.events)
    if refused is not None:
        return NotEvaluated(reason=refused, problems=terms)
    bad = _bad_register(workspace, reading.deal, event)
    if bad is not None:
        return NotEvaluated(reason=bad)
    try:
        evaluate(reading.deal)
    except OF_ONE_DEAL as error:
        return NotEvaluated(reason=said(error))
    return None


def _bad_register(workspace: Workspace, deal: Deal, event: Event) -> str | None:
    """Return the reason that a kept register gives again for a refusal.

    The register could not be read when the deal was refused. The result is None if no copy was kept.
    """
    for path in (
        refused_register(workspace, sha256) for sha256 in event.inputs[1:] if HASH.fullmatch(sha256)
    ):
        for name in registers_named(deal) if path.is_file() else ():
            try:
                as_read(deal, name, bytes_in(path))
            except BadRegister as bad:
                # A register that fails for another reason today is not the cause that was recorded.
                if str(bad) == event.payload.reason:
                    return str(bad)
    return None


def _kept(workspace: Workspace, sha256: str) -> str:
    """Return the text of a file that could not be evaluated.

    Raises VerificationFailed if it is not the one that is named.
    """
    path = refused_path(workspace, sha256) if HASH.fullmatch(sha256) else None
    if path is None or not path.is_file():
        raise VerificationFailed(f"the deal file {sha256[:16]} is not in deals/refused")
    data = bytes_in(path)
    if sha256_hex(data) != sha256:
        raise VerificationFailed(f"the deal file {sha256[:16]} in deals/refused has been changed")
    return text_of(data)
