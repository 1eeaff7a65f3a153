"""What a date says of the reports that it rests on (rulings 53, 57, 57a).

It says when they came, which figures of them are held, and which GPUs are not counted.
"""

from __future__ import annotations

from engine.determination.measure_inputs import Reported
from engine.evaluation.inputs import Inputs
from engine.evaluation.pledged_gpus import pledged_gpus
from engine.evaluation.serving_report import known_reports, serving
from engine.events.servicing import GpusCounted, HeldFigure, ReportServed
from engine.terms.contract_dates import cut_off_on


def served_report(inputs: Inputs) -> ReportServed | None:
    """Return the report that serves on the date, with its receipt and its entry; None if none serves."""
    # A report that is too old is on record and still does not serve.
    if not isinstance(serving(inputs), Reported):
        return None
    report = known_reports(inputs)[0]
    return ReportServed(
        document=report.document,
        period_end=report.period_end,
        received=report.received,
        received_at=report.received_at,
        keyed_at=report.keyed_at,
        entered_late=report.entered_late(cut_off_on(inputs.terms, inputs.on), inputs.terms.time_zone),
        why_from_keying=report.why_from_keying,
    )


def held_figures(inputs: Inputs) -> tuple[HeldFigure, ...]:
    """Return every figure that awaits confirmation, those of the newest report first."""
    return tuple(
        HeldFigure(
            document=report.document,
            period_end=report.period_end,
            name=name,
            reported=report.awaiting[name],
            why=why,
        )
        for report in known_reports(inputs)
        for name, why in report.held.items()
    )


def gpus_counted(inputs: Inputs) -> tuple[GpusCounted, ...]:
    """Return each asset class whose newest reported count is above the register.

    Of such a class only the pledged GPUs are counted.
    """
    gpu_counts = []
    for name, pledged in pledged_gpus(
        inputs.measured_terms, inputs.state.registers, inputs.measured_on
    ).items():
        counts = (report.figures.get(f"available.{name}.gpus") for report in known_reports(inputs))
        newest = next((int(count.value) for count in counts if count is not None), 0)
        # A count up to the register is what was reported, so there is nothing to explain.
        if newest > pledged:
            gpu_counts.append(
                GpusCounted(asset_class=name, reported=newest, pledged=pledged, counted=pledged)
            )
    return tuple(gpu_counts)
