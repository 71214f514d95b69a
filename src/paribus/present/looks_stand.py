"""Where the planned looks of a study stand, in words."""

from __future__ import annotations

from paribus.questions.next_look import NextLook
from paribus.text import count, listed, plural, series


def looks_stand(look: NextLook) -> str:
    """Return what the last look has decided, and what the questions that go on need."""
    plan, asked = look.plan, look.ended + len(look.open)
    if not look.taken and not look.ended:
        return f"Looks after {series(plan)} seeds; the first verdicts come after {plan[0]}."
    at = f"Look {look.taken} of {len(plan)}, after {plan[look.taken - 1]} seeds"
    if not look.taken:
        at = f"Looks after {series(plan)} seeds"
    text = (
        f"{at}: {look.ended} of {count(asked, 'question')} {plural(look.ended, 'has', 'have')} "
        "ended"
    )
    if not look.open:
        return f"{text}."
    up_to = plan[look.taken]
    needed = dict.fromkeys(name for question in look.open for name in question.experiments)
    going = [name for name in needed if look.seeds[name] >= up_to]
    others = plural(len(look.open), "the other needs", "the others need")
    return f"{text}; {others} {up_to} seeds of {listed(going)}."
