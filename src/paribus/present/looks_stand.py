"""Where the planned looks of a study stand, in words."""

from __future__ import annotations

from paribus.questions.next_look import NextLook
from paribus.text import count, listed, plural, series


def looks_stand(look: NextLook) -> str:
    """Return what the last look has decided, and what goes on."""
    plan, asked = look.plan, look.ended + len(look.open)
    if not look.taken:
        return f"Looks after {series(plan)} seeds; the first verdicts come after {plan[0]}."
    text = (
        f"Look {look.taken} of {len(plan)}, after {plan[look.taken - 1]} seeds: {look.ended} of "
        f"{count(asked, 'question')} {plural(look.ended, 'has', 'have')} ended"
    )
    if not look.open:
        return f"{text}."
    up_to = plan[look.taken]
    going = listed([name for name, seeds in look.seeds.items() if seeds >= up_to])
    return f"{text}; for the others {going} train on, up to {up_to} seeds."
