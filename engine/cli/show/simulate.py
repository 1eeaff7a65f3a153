"""`headroom simulate`: how likely each outcome is on paths of the rate model.

Each probability has its Monte Carlo error.
"""

from __future__ import annotations

from engine.basics.assumed_figures import LINK_OR_HOLD
from engine.basics.happenings import HAPPENING_WORDS, sooner_words, undecided_words
from engine.basics.probabilities import probability
from engine.basics.values import counted, listed
from engine.cli.output import print_json, say, table
from engine.foresight.answers import as_data
from engine.queries.forecast_record import ForecastRecord
from engine.queries.score_words import walked_words
from engine.queries.simulation_questions import SimulationAnswer


def show_simulation(answer: SimulationAnswer, as_json: bool) -> int:
    """Print the probabilities, the money, the fan, and how the model did on the history."""
    if as_json:
        print_json(as_data(answer))
        return 0
    where = (
        f"{answer.index}, {answer.weeks} weeks after the Closing Date {answer.starts_on}, from its level of "
        f"{answer.start:.4f}, no drift"
    )
    say(f"{answer.deal} is run on {answer.paths:,} paths of {where}, seed {answer.seed}.")
    if answer.others:
        names = listed(
            [
                f"{other.index}, from {other.start:.4f}, weekly volatility {other.sigma:.1%}"
                for other in answer.others
            ]
        )
        say(
            f"With it go {names}. Each moves by a model of its own: nothing here says how they move together."
        )
    say(
        f"The weekly volatility is {answer.sigma:.1%}. The prior is {answer.prior}. This is a model of the "
        "past and no forecast."
    )
    say()
    horizons = tuple(answer.chances[0].within) if answer.chances else ()
    # The median is of the paths on which the thing happens: without the words it contradicts the horizons.
    head = ("within", *(f"{weeks} weeks" for weeks in horizons), "median week, where it happens")
    rows = []
    for chance in answer.chances:
        shown = [probability(*chance.within[weeks]) for weeks in horizons]
        rows.append(
            (
                f"{chance.subject} {HAPPENING_WORDS[chance.what]}",
                *shown,
                "-" if chance.median_weeks is None else f"{chance.median_weeks:.0f}",
            )
        )
    say(table(head, rows, right=range(1, len(head))))
    say()
    if answer.never:
        say(f"NEVER on any path: {listed(answer.never)}.")
    for money in answer.swept:
        say(money.words(money.clause))
    if answer.fan:
        last = answer.fan[-1]
        say(
            f"Published values of the last week are {', '.join(f'{value:.4f}' for value in last)} at 2.5%, "
            "25%, 50%, 75%, 97.5%."
        )
    for sentence in answer.assumed:
        say(sentence)
    if answer.left_out:
        say(LINK_OR_HOLD)
    _say_what_is_open(answer)
    if answer.scores:
        say(walked_words(answer.scores))
    say(record_words(answer.recorded))
    return 0


def _say_what_is_open(answer: SimulationAnswer) -> None:
    """Print what was not determined or not decided, and what no arrays hold."""
    if answer.undetermined:
        say(f"NOT DETERMINED on every date: {listed(answer.undetermined)}.")
    for trigger, names in answer.undecided.items():
        say(f"NOT DECIDED, so neither when nor never is known: {undecided_words(trigger, names)}.")
    for trigger, names in answer.sooner.items():
        say(f"AT LEAST: {sooner_words(trigger, names)}.")
    if answer.one_by_one:
        verb = "was" if len(answer.one_by_one) == 1 else "were"
        say(f"{listed(answer.one_by_one)} {verb} run path by path, as no columns say what is compared.")
    for name, reason in answer.by_steps.items():
        say(f"{name} takes the exact engine's own steps, and no arrays: {reason}.")


def record_words(recorded: ForecastRecord | None) -> str:
    """Return what became of the forecasts that were recorded before their week."""
    if recorded is None:
        return "No forecast of this series was recorded before its week; `headroom serve` records them."
    verb = "was" if recorded.made == 1 else "were"
    made = f"{counted(recorded.made, 'forecasts')} of {recorded.series} {verb} recorded before the week"
    if not recorded.came:
        return f"{made}; none of these weeks has come yet."
    return (
        f"{made}. Of {counted(recorded.came, 'values')} that came, {recorded.inside} lay inside 95%, and "
        f"{recorded.below} lay below the median."
    )
