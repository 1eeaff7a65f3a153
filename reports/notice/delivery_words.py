"""What became of a notice that was issued, in a few words: issued is not given (`rulings.md` 65)."""

from __future__ import annotations

from engine.events.delivery import STEP_WORDS, NoticeGiven, NoticeReleased
from reports.formats import role, short_date
from reports.notice.log_lookup import Past


def became(past: Past, number: int) -> str:
    """Return how far a notice has come by the date: given, each addressee's step, released.

    `none recorded` for one that is a draft still.
    """
    about = past.by_number.get(number, ())
    given = [event for event in about if isinstance(event.payload, NoticeGiven)]
    if given and not given[-1].payload.withdrawn:
        return f"given {short_date(given[-1].effective_on)}, {given[-1].payload.rule}"
    told = [event for event in about if type(event.payload) in STEP_WORDS]
    steps = {
        event.payload.to: f"{STEP_WORDS[type(event.payload)]} {short_date(event.effective_on)}"
        for event in told
    }
    draft = any(isinstance(event.payload, NoticeReleased) and event.payload.draft for event in about)
    if steps:
        words = {
            text: [role(name) for name, said in steps.items() if said == text] for text in steps.values()
        }
        said = "; ".join(
            f"{text} to the {', the '.join(roles)}" if len(words) > 1 else text
            for text, roles in words.items()
        )
        return f"{'as a draft ' if draft else ''}{said}; not given"
    released = [event for event in about if isinstance(event.payload, NoticeReleased)]
    return f"released {short_date(released[-1].effective_on)}; not sent" if released else "none recorded"
