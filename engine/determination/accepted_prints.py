"""The print of each Publication Date that a deal uses: the first, a late one, or a Restatement it accepts.

The rulings are `rulings.md` 3, 5 and 27. A series may hold several prints of one date. A deal that pins a
version sees only the prints made under that version. Among those the first one stands. A later one replaces
it inside the deal's own time, counted from the Publication Date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from engine.basics.calendar import BusinessCalendar
from engine.events.kinds import ActRecorded
from engine.events.rates import Published
from engine.terms.act_requirements import MANIFEST_ERROR
from engine.terms.contract_dates import counted
from engine.terms.in_force import IndexTerms


@dataclass(frozen=True, slots=True)
class Policy:
    """How a deal takes prints: its terms, its calendar, and what it has consented to.

    Attributes:
        terms: what the deal says about the index on a date; a print is judged by what it says on its
            Publication Date.
        calendar: the deal's Business Days on a date, in the same way.
        material: whether a change from one version to another is material by its parameters alone.
        consents: from when each version is consented to, by Recorded Act.
        in_error: by Publication Date, the newest print that a Recorded Act excludes as a manifest error, and
            the Act's document.
    """

    terms: Callable[[date], IndexTerms]
    calendar: Callable[[date], BusinessCalendar]
    material: Callable[[str, str], bool]
    consents: Mapping[str, date] = field(default_factory=dict)
    in_error: Mapping[date, tuple[int, str]] = field(default_factory=dict)


def accepted(prints: Iterable[Published], policy: Policy) -> tuple[Published, ...]:
    """Return one print for each Publication Date, oldest date first.

    The print has no value if none was published in time.

    Args:
        prints: everything that is known of the series, in any order.
        policy: how the deal takes them.
    """
    by_date: dict[date, list[Published]] = {}
    usable = (
        _unless_in_error(publication, policy)
        # A version that came first must be judged first, because consent looks at the version before.
        for publication in sorted(
            prints, key=lambda publication: (publication.publication_date, publication.print)
        )
    )
    for publication in _consented(list(usable), policy):
        by_date.setdefault(publication.publication_date, []).append(publication)
    return tuple(_accepted(by_date[day], policy.terms(day), policy.calendar(day)) for day in sorted(by_date))


def _unless_in_error(publication: Published, policy: Policy) -> Published:
    """Return a print, or its date without a value if an Act excludes the print (WP §7.3).

    A print later than the newest that the Act covers is not excluded.
    """
    newest, document = policy.in_error.get(publication.publication_date, (0, ""))
    return (
        _without(publication, f"excluded as a manifest error ({document})")
        if publication.print <= newest
        else publication
    )


def _consented(prints: Sequence[Published], policy: Policy) -> Iterator[Published]:
    """Yield the prints, without the values that still need the deal's consent (`rulings.md` 5).

    Consent is needed for a materially changed methodology version, if the deal asks for it.
    """
    version, before = "", None
    for publication in prints:
        needed = policy.terms(publication.publication_date).methodology.consent_needed_for is not None
        changed = bool(version) and bool(publication.methodology) and publication.methodology != version
        if needed and changed and not _may_change(version, publication, before, policy):
            # The version is not moved on here, so that each further print under
            # the new one needs the consent too.
            yield _without(
                publication,
                f"methodology {publication.methodology} awaits the consent that the deal asks for",
            )
            continue
        # A print that names no version counts as made under the one before it.
        version = publication.methodology or version
        before = publication if publication.value is not None else before
        yield publication


def _may_change(version: str, publication: Published, before: Published | None, policy: Policy) -> bool:
    """Return whether a print under another version is taken.

    It is if the version was consented to by the print's date, or if the change is shown to be immaterial.
    """
    since = policy.consents.get(publication.methodology)
    if since is not None and publication.publication_date >= since:
        return True
    most = policy.terms(publication.publication_date).methodology.material_above
    same_week = before is not None and before.publication_date == publication.publication_date
    if (
        most is None
        or policy.material(version, publication.methodology)
        # Only one week under both versions shows the change: two weeks also differ by the market.
        or not same_week
        or before is None
        or not before.value
        or not publication.value
    ):
        return False
    return abs(Fraction(publication.value) - Fraction(before.value)) / Fraction(before.value) <= most


def _accepted(prints: Sequence[Published], terms: IndexTerms, calendar: BusinessCalendar) -> Published:
    """Return the print of one Publication Date that the deal uses."""
    day = prints[0].publication_date
    version = terms.methodology.version if terms.methodology.policy == "pinned" else None
    usable = _without(
        prints[0], f"not published under {version}" if version and not _under(prints[0], version) else None
    )
    for publication in prints:
        if version is not None and not _under(publication, version):
            continue
        if publication.value is None or _in_time(publication, usable, day, terms, calendar):
            # A later print without a value does not take away a value that stands.
            usable = publication if usable.value is None or publication.value is not None else usable
    return usable


def _under(publication: Published, version: str) -> bool:
    """Return whether a print was made under a version.

    A print that names no version counts as made under the deal's own.
    """
    return not publication.methodology or publication.methodology == version


def _in_time(
    publication: Published, former: Published, day: date, terms: IndexTerms, calendar: BusinessCalendar
) -> bool:
    """Return whether a value counts for its date.

    It counts if it came on the date itself, late inside the deal's time, or restated inside the time for
    that.
    """
    # A print that says no day is one of a worked example, which is known on its own date.
    known_on = publication.published_on or day
    if former.value is None:
        # A period of zero days still accepts a value of the date itself.
        return known_on <= max(day, counted(day, terms.late_publication.accepted_for, calendar.add))
    if publication.print == former.print:
        return True
    # Outside the accepted time a window keeps the first print, so a Restatement is only shown (rulings 27).
    return terms.restatement.effect == "retest" and known_on <= counted(
        day, terms.restatement.accepted_for, calendar.add
    )


def _without(publication: Published, reason: str | None) -> Published:
    """Return a print with its value taken out, so that it stands as a non-publication with a reason.

    If `reason` is None, the reason given is "not published in time".
    """
    empty = {
        "value": None,
        "low": None,
        "high": None,
        "pooled": (),
        "sellers": (),
        "seller_low": None,
        "seller_high": None,
        "event": publication.event,
        "low_confidence": True,
    }
    return publication.model_copy(
        update={**empty, "low_confidence_reasons": (reason or "not published in time",)}
    )


def in_error(acts: Iterable[ActRecorded], index: str) -> dict[date, tuple[int, str]]:
    """Return by Publication Date (the newest print that a manifest error covers, the Act's document).

    The errors are those recorded of one index.
    """
    errors = (act for act in acts if act.act == MANIFEST_ERROR and act.details.get("index") == index)
    return {act.effective_on: (int(act.details["print"]), act.document or "no document") for act in errors}
