"""The illustrative deal as its file says: parties, clauses, debt, the index, who owes which notice."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from notice_index import (
    CLOSING,
    rate,
    sha,
    share,
    usd,
)

from engine.events.deal_adopted import (
    AssetFacts,
    ClauseFacts,
    CureFacts,
    DealAdopted,
    DebtFacts,
    DocumentFacts,
    DutyFacts,
    IndexFacts,
    PartyFacts,
)

CURE_LTV = CureFacts(
    within="10 business days",
    after="determination date",
    cured_by=("prepayment", "additional collateral", "retest"),
    cite="CA §8.01(d)",
)
CURE_FLOOR = CureFacts(
    within="15 business days", after="determination date", cured_by=("retest",), cite="CA §8.01(c)"
)
CLAUSES = (
    ClauseFacts(
        key="rate-floor",
        title="Rental Rate Floor",
        cite="CA §7.01",
        kind="test",
        cure=CURE_FLOOR,
        default_needs="notice",
        text=(
            "The Borrower shall maintain a weighted average rental rate on the Pledged GPU Assets of not "
            "less than 85% of the Rental Rate Reference for the trailing 4-week period."
        ),
        reading=(
            "Over the trailing 4 weeks, the revenue of the Pledged GPU Assets divided by their rented "
            "GPU-hours (idle hours do not count) must be at least 85% of the simple mean of the Reference "
            "Rates of the last 4 Determination Dates. Exactly 85% passes."
        ),
    ),
    ClauseFacts(
        key="ltv",
        title="Loan-to-Value",
        cite="CA §7.02",
        kind="test",
        debt_class="class_a",
        cure=CURE_LTV,
        default_needs="notice",
        text=(
            "The Collateral Value shall be calculated as 1.5 × CRI-H100 × aggregate GPU-hours of available "
            "capacity per annum. The Borrower shall maintain LTV not greater than 65%."
        ),
        reading="Outstanding principal divided by Collateral Value must be at most 65%.",
    ),
    ClauseFacts(
        key="cash-sweep",
        title="Cash Sweep",
        cite="CA §7.03",
        kind="test and trigger",
        text=(
            "If CRI-H100 falls below USD 1.50 per GPU-hour for 2 consecutive Publication Dates, excess cash "
            "flow above debt service shall be swept to a reserve account."
        ),
        reading=(
            "The sweep begins when the published value has been below USD 1.50 per GPU-hour on 2 "
            "consecutive publication dates. While it is in effect, 100% of excess cash flow goes to the "
            "reserve account on each Payment Date, until the account holds USD 1,200,000.00. It ends when "
            "it has been at or above USD 1.50 on 3 consecutive publication dates. A date without a "
            "published value neither counts nor breaks the count. What the account then holds stays in it."
        ),
    ),
    ClauseFacts(
        key="appraisal",
        title="Appraisal",
        cite="CA §7.04",
        kind="test",
        text=(
            "If CRI-H100 declines by more than 25% from the Closing Date level over any trailing 90-day "
            "period, the Borrower shall deliver an independent appraisal within 30 Business Days."
        ),
        reading=(
            "On each Publication Date the decline is measured from the highest value in the window to this "
            "date’s. More than 25% fails; exactly that passes."
        ),
    ),
    ClauseFacts(
        key="early-amortization",
        title="Early Amortization",
        cite="IND §5.07",
        kind="trigger",
        text=None,
        reading=(
            "Begins on either limb: Loan-to-Value FAIL on 4 consecutive Determination Dates, or Rental Rate "
            "Floor at Event of Default. It never ends."
        ),
    ),
)


def adopted(**changes: Any) -> DealAdopted:
    """The deal, as its file says."""
    facts = DealAdopted(
        file_sha256=sha("deal"),
        illustrative=True,
        closing_date=CLOSING,
        maturity_date=date(2030, 1, 15),
        business_days="us-federal-reserve",
        time_zone="America/New_York",
        rounding="unrounded",
        revenue="on demand",
        parties=(
            PartyFacts(
                role="borrower",
                name="Meridian Compute Borrower LLC",
                notices="treasury@example.com",
                cite="CA preamble",
            ),
            PartyFacts(
                role="servicer",
                name="Meridian Compute Services LLC",
                notices="servicing@example.com",
                cite="IND §3.01",
            ),
            PartyFacts(
                role="administrative_agent",
                name="Example Trust Company, N.A.",
                notices="agency@example.com",
                cite="CA §10.02",
            ),
            PartyFacts(
                role="indenture_trustee",
                name="Example Bank, N.A.",
                notices="abs@example.com",
                cite="IND §1.01",
            ),
        ),
        documents=(
            DocumentFacts(short="CA", title="Credit Agreement", dated=CLOSING),
            DocumentFacts(short="IND", title="Indenture", dated=CLOSING),
        ),
        clauses=CLAUSES,
        debt=(
            DebtFacts(
                name="class_a", original_principal=usd(16_000_000), rate="SOFR + 2.25%", cite="IND §2.01"
            ),
        ),
        assets=(
            AssetFacts(
                name="h100",
                model="H100 SXM",
                gpus=1024,
                availability=share("0.95"),
                index="CRI-H100",
                cite="CA Schedule 1",
            ),
        ),
        indices=(index_facts("CRI-H100"),),
        duties=(
            DutyFacts(
                kind="compliance",
                given_by="servicer",
                to=("servicer", "administrative_agent", "indenture_trustee"),
                within=None,
                cite="CA §6.03",
            ),
            DutyFacts(
                kind="test_failed",
                given_by="servicer",
                to=("borrower", "administrative_agent"),
                within="2 business days",
                cite="CA §6.04(a)",
            ),
            DutyFacts(
                kind="event_of_default",
                given_by="administrative_agent",
                to=("borrower", "indenture_trustee"),
                within="1 business day",
                cite="CA §6.04(b)",
            ),
            DutyFacts(
                kind="trigger_event",
                given_by="servicer",
                to=("indenture_trustee",),
                within="1 business day",
                cite="IND §5.10",
            ),
        ),
    )
    return facts.model_copy(update=changes)


def index_facts(name: str) -> IndexFacts:
    """What the deal says about one index."""
    steps = ("published value", "last published value", "successor benchmark", "agent determination")
    return IndexFacts(
        name=name,
        source="computed by the calculation agent",
        policy="pinned",
        version="1.1-wp",
        closing_date_level=rate("2.10"),
        low_confidence="report only",
        low_confidence_cite="CA §2.14(g)",
        fallback=steps,
        cite="CA §2.14",
    )


def principal(day: date) -> Fraction:
    """Outstanding principal: a million is repaid each quarter."""
    return Fraction(
        16_000_000
        - 1_000_000 * sum(day >= paid for paid in (date(2026, 4, 15), date(2026, 7, 15), date(2026, 10, 15)))
    )
