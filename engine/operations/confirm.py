"""Record that a person confirms figures that are held (`rulings.md` 57).

From then on the figures serve from the receipt of their report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.basics.errors import InputProblems, Place, Problem, WrongUsage
from engine.basics.values import Figure
from engine.events.deal_state import fold
from engine.events.draft import Draft
from engine.events.kinds import ReportReceived
from engine.events.servicing import FigureConfirmed
from engine.record.log import Scribe, append, deal_log, read
from engine.servicer_report.confirmation_form import (
    ConfirmationReply,
    as_asked,
    as_reported,
    confirmation_identity,
    reply_in,
    report_named,
)
from engine.servicer_report.received_file import ReceivedFile
from engine.terms.as_written import Deal, day_of, resolve
from engine.workspace.documents import Document, keep_document
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a confirmation did; `recorded` is False if the figures were confirmed before."""

    report: str
    figures: tuple[str, ...]
    recorded: bool
    from_keying: bool = False
    """Whether the report counts from its keying alone, as it was keyed too late (`rulings.md` 53)."""

    def as_data(self) -> dict[str, Any]:
        """Return the confirmation as JSON: `report`, `figures`, `recorded`, `from_keying`."""
        return {
            "report": self.report,
            "figures": list(self.figures),
            "recorded": self.recorded,
            "from_keying": self.from_keying,
        }


def confirm(
    workspace: Workspace,
    deal: Deal,
    report: str,
    figures: Sequence[str],
    said: FigureConfirmed,
    scribe: Scribe,
    inputs: tuple[str, ...] = (),
) -> Confirmed:
    """Confirm figures of a report by its name, or the beginning of it; all that are held if none is named.

    Args:
        workspace: the workspace.
        deal: the report's deal.
        report: the report's name, its document, or its period's last day.
        figures: the names of the figures; empty for all that are held.
        said: who confirms, with what words.
        scribe: who records it, when.
        inputs: the hashes of the documents in which it was said.

    Raises:
        WrongUsage: no such report stands, a figure of it is not held, or the deal asks for two persons.
    """
    log = deal_log(deal.name)
    received = report_named(report, fold(read(workspace.store, log)).reports)
    wanted = tuple(dict.fromkeys(figures)) or tuple(received.held)
    # To confirm what is not held would leave an event that changes nothing and looks like evidence.
    given = [name for name in wanted if name not in received.held]
    if given or not wanted:
        held = ", ".join(received.held) or "none"
        raise WrongUsage(
            f"`{', '.join(given) or received.name}` awaits no confirmation; of {received.name} there are "
            f"held: {held}"
        )
    today = day_of(deal, scribe.at)
    acts = resolve(deal, today).recorded_acts
    # A confirmation lets a doubtful figure decide, so it takes as many persons as an Act of the deal.
    if acts is not None and (said.approved_by is None or said.approved_by == said.prepared_by):
        raise WrongUsage(f"the deal asks for two persons ({acts.cite}); give --prepared-by and --approved-by")
    payload = said.model_copy(update={"report": received.name, "figures": wanted})
    draft = Draft(
        kind="figure confirmed",
        subject=f"{received.name} {' '.join(wanted)}",
        # The receipt's day and not today's: once confirmed, a figure serves from its report's receipt.
        effective_on=received.received,
        payload=payload,
        inputs=inputs,
    )
    with workspace.store.begin() as writer:
        return Confirmed(
            received.name, wanted, bool(append(writer, log, [draft], scribe)), received.serves_from_keying
        )


def take_reply(
    workspace: Workspace, deal: Deal, file: ReceivedFile, approved_by: str | None, scribe: Scribe
) -> Confirmed:
    """Take the reply to such a form: each figure that has a reason is confirmed, and the file is kept.

    Args:
        workspace: the workspace.
        deal: the deal that the reply names.
        file: the reply as it came.
        approved_by: the second person, if the deal asks for two.
        scribe: who records it, when.

    Raises:
        InputProblems: everything that is wrong with the reply.
        WrongUsage: no such report stands, or the deal asks for two persons.
    """
    reply, problems = reply_in(file)
    if reply is None:
        raise InputProblems(problems)
    received = report_named(reply.report, fold(read(workspace.store, deal_log(deal.name))).reports)
    wrong = list(_not_as_asked(deal, received, as_reported(received), reply, file))
    if wrong:
        raise InputProblems(wrong)
    # Kept before the events that name its hash, so that a crash leaves no event without it.
    keep_document(workspace, Document(file.name, file.sha256, file.data))
    recorded = False
    # Figures with the same reason are one event, as one person would say them together.
    for words in dict.fromkeys(reply.words.values()):
        # A figure that was confirmed meanwhile is left out: a reply that is taken twice is not an error.
        names = [name for name, said in reply.words.items() if said == words and name in received.held]
        if names:
            by = FigureConfirmed(
                report=received.name,
                figures=(),
                words=words,
                prepared_by=reply.confirmed_by,
                approved_by=approved_by,
            )
            recorded |= confirm(workspace, deal, received.name, names, by, scribe, (file.sha256,)).recorded
    return Confirmed(received.name, tuple(reply.words), recorded, received.serves_from_keying)


def _not_as_asked(
    deal: Deal,
    report: ReportReceived,
    figures: Mapping[str, Figure],
    reply: ConfirmationReply,
    file: ReceivedFile,
) -> Iterator[Problem]:
    """Report where a reply is to another form, or gives another value than the report's."""
    place = Place(file.name)
    if reply.form is not None and reply.form != confirmation_identity(deal.name, report.name, report.sha256):
        why, fix = "its row `form` names another report, or was changed", "answer the form as it was made"
        yield Problem("R155", f"the reply is not to the questions about {report.name}", why, fix, place)
    shown = {name: as_asked(figure) for name, figure in figures.items()}
    for name, value in reply.values.items():
        if name not in shown:
            why, fix = "a reply confirms what was reported", "remove the row"
            yield Problem("R162", f"{report.name} gives no figure `{name}`", why, fix, place)
        # A spreadsheet may have grouped the thousands when the reply was saved.
        elif value.replace(",", "") != shown[name]:
            why, fix = (
                f"the report says {shown[name]}",
                "send a corrected report that says `corrects`, or leave the value as it was",
            )
            yield Problem("R162", f"the reply gives `{name}` as {value}", why, fix, place)
